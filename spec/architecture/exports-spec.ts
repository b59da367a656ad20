import { expect } from 'chai'
import * as cassandra from '../../connectors/cassandra/index.ts'
import * as kafka from '../../connectors/kafka/index.ts'
import * as postgres from '../../connectors/postgres/index.ts'
import * as millrace from '../../lib/index.ts'

describe('exports', () => {
  it('should be what users rely on, and nothing more', () => {
    expect(Object.keys(millrace).sort()).to.deep.equal([
      'MillraceError',
      'aggregate',
      'and',
      'branch',
      'bytesKey',
      'cogroup',
      'contract',
      'contractFile',
      'count',
      'dedupe',
      'describe',
      'description',
      'drops',
      'enrich',
      'filter',
      'flatMap',
      'foreignKeyJoin',
      'foreignKeyLeftJoin',
      'hopping',
      'join',
      'joinGlobal',
      'joinTable',
      'json',
      'keyBy',
      'keyValueStore',
      'leftJoin',
      'leftJoinGlobal',
      'leftJoinTable',
      'lookup',
      'map',
      'merge',
      'mermaid',
      'outerJoin',
      'partitionFor',
      'peek',
      'process',
      'project',
      'reduce',
      'repartition',
      'rx',
      'sensitiveFields',
      'session',
      'sessionStore',
      'sink',
      'sliding',
      'startWorker',
      'stringKey',
      'structured',
      'suppress',
      'toStream',
      'topic',
      'topology',
      'tumbling',
      'untilTimeLimit',
      'untilWindowCloses',
      'validate',
      'versionedStore',
      'window',
      'windowStore',
      'windowedKey',
      'within',
    ])
    expect(Object.keys(kafka)).to.deep.equal(['kafka'])
    expect(Object.keys(cassandra)).to.deep.equal(['cassandra'])
    expect(Object.keys(postgres).sort()).to.deep.equal(['postgres', 'postgresLookup'])
  })
})
