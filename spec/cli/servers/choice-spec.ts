import { expect } from 'chai'
import type { Variable } from '../../../lib/cli/config.ts'
import { chooseServers } from '../../../lib/cli/servers/choice.ts'

const ALL: Variable[] = [
  'KAFKA_BROKERS',
  'SCHEMA_REGISTRY_URL',
  'DATABASE_URL',
  'CASSANDRA_CONTACT_POINTS',
  'CASSANDRA_LOCAL_DC',
]
const REAL = {
  KAFKA_BROKERS: 'k:9092',
  SCHEMA_REGISTRY_URL: 'http://r:8081',
  DATABASE_URL: 'postgresql://p/db',
  CASSANDRA_CONTACT_POINTS: 'c:9042',
}

describe('choice of servers', () => {
  it('should embed all that is needed where no variable is set', () => {
    expect([...chooseServers(ALL, [], {}).embedded]).to.deep.equal([
      'kafka',
      'registry',
      'postgres',
      'cassandra',
    ])
    expect([...chooseServers(['DATABASE_URL', 'RANDOM_USER_URL'], [], {}).embedded]).to.deep.equal([
      'postgres',
      'api',
    ])
  })

  it('should embed nothing where all are set', () => {
    const { embedded, settings } = chooseServers(ALL, [], REAL)
    expect(embedded.size).to.equal(0)
    expect(settings).to.deep.include({ KAFKA_BROKERS: ['k:9092'], CASSANDRA_LOCAL_DC: 'datacenter1' })
  })

  it('should never fall back: one variable that is set asks for all that are needed', () => {
    const { KAFKA_BROKERS } = REAL
    expect(() => chooseServers(ALL, [], { KAFKA_BROKERS }))
      .to.throw('SCHEMA_REGISTRY_URL, DATABASE_URL, CASSANDRA_CONTACT_POINTS')
      .with.property('code', 'CONFIG')
    const unrelated = { RANDOM_USER_URL: 'http://a/api/' }
    expect(() => chooseServers(ALL, [], unrelated)).to.throw('KAFKA_BROKERS')
  })

  it('should mix only where told to', () => {
    const { CASSANDRA_CONTACT_POINTS: _, ...others } = REAL
    const { embedded, settings } = chooseServers(ALL, ['cassandra'], others)
    expect([...embedded]).to.deep.equal(['cassandra'])
    expect(settings).not.to.have.property('CASSANDRA_LOCAL_DC')
  })

  it('should refuse a name it does not know, and one whose variable is set', () => {
    expect(() => chooseServers(ALL, ['redis'], {})).to.throw('--embedded redis')
    expect(() => chooseServers(ALL, ['kafka'], REAL)).to.throw('KAFKA_BROKERS is set')
  })
})
