import { expect } from 'chai'
import type { Broker, FetchedBatch, OffsetRange, Range } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import { joinGlobal, json, sink, stringKey, topic, topology } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import { NO_HEADERS, type RawRecord } from '../../lib/record.ts'
import { Counters } from '../../lib/runtime/counters.ts'
import { GlobalTables } from '../../lib/runtime/global-tables.ts'
import { until } from '../support/until.ts'
import { adminWith } from './ports.ts'

const text = json<string>()
const said = topology('global', ({ source, globalTable }) => {
  const countries = globalTable('countries', topic('countries', { value: text }))
  source('in', topic('in', { value: text })).pipe(
    joinGlobal(
      'named',
      countries,
      (code) => code,
      (_, name) => name,
    ),
    sink('out', topic('out', { value: text })),
  )
})
const node = said.nodes.find(({ kind }) => kind === 'globalTable')!

const row = (offset: number, key: string | null, value: string): RawRecord => ({
  topic: 'countries',
  partition: 0,
  offset,
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
  timestamp: offset,
  headers: NO_HEADERS,
})

/** The tables over a topic of one partition, which the spec fills and cuts. */
function tablesOver(log: RawRecord[]) {
  const held = { earliest: 0, failures: [] as MillraceError[] }
  const failed: unknown[] = []
  const ending = new AbortController()
  const offsets = async (): Promise<OffsetRange[]> => {
    const failure = held.failures.shift()
    if (failure !== undefined) throw failure
    return [{ partition: 0, earliest: held.earliest, end: log.length }]
  }
  async function* read([range]: readonly Range[]): AsyncIterable<FetchedBatch> {
    const { from, to } = range!
    const records = log.slice(from, to)
    yield { topic: 'countries', partition: 0, generation: 0, records, next: to, bytes: 0 }
  }
  const broker = { admin: { ...adminWith([[]]), offsets }, read } as unknown as Broker
  const counters = new Counters()
  const tables = new GlobalTables({
    topology: said,
    broker,
    serdes: new Map([[node, { key: stringKey as never, value: text as never }]]),
    counters,
    log: SILENT,
    failed: (error) => failed.push(error),
    signal: ending.signal,
  })
  const end = async () => {
    ending.abort(new Error('over'))
    await tables.stopped()
  }
  return { tables, rows: tables.rows.get(node)!, counters, held, failed, end }
}

describe('global tables', () => {
  it('should hold all rows when they have started, and follow what comes', async () => {
    const log = [row(0, 'de', '"Germany"'), row(1, 'fr', '"France"')]
    const { tables, rows, end } = tablesOver(log)
    await tables.start()
    expect([...rows.all()].map(({ key, value }) => [key, value])).to.deep.equal([
      ['de', 'Germany'],
      ['fr', 'France'],
    ])
    log.push(row(2, 'de', '"Deutschland"'))
    await until('the new row', async () => rows.get('de')?.value === 'Deutschland')
    await end()
  })

  it('should count rows that can not be read, and go on', async () => {
    const { tables, rows, counters, end } = tablesOver([
      row(0, 'de', '{'),
      row(1, null, '""'),
      row(2, 'fr', '"F"'),
    ])
    await tables.start()
    expect(rows.get('fr')?.value).to.equal('F')
    expect([counters.get('countries', 'refused'), counters.get('countries', 'null-key')]).to.deep.equal([
      1, 1,
    ])
    await end()
  })

  it('should wait for a broker that is away', async () => {
    const { tables, rows, held, failed, end } = tablesOver([row(0, 'de', '"Germany"')])
    held.failures.push(new MillraceError('UNREACHABLE', 'away', { retriable: true }))
    await tables.start()
    expect(rows.get('de')?.value).to.equal('Germany')
    await end()
    expect(failed).to.deep.equal([])
  })

  it('should fail, and not go on with old rows, when rows were deleted before they were read', async () => {
    const log = [row(0, 'de', '"Germany"')]
    const { tables, held, failed } = tablesOver(log)
    await tables.start()
    held.earliest = 3
    log.push(row(1, 'de', '""'), row(2, 'de', '""'), row(3, 'de', '""'))
    await until('the failure', async () => failed.length > 0)
    expect(failed[0]).to.be.instanceOf(MillraceError).with.property('code', 'DATA_LOSS')
    expect((failed[0] as Error).message).to.match(/^global table "countries" was at countries\/0\/1, which/)
  })

  it('should fail when its topic was made anew', async () => {
    const log = [row(0, 'de', '"Germany"'), row(1, 'fr', '"France"')]
    const { tables, failed } = tablesOver(log)
    await tables.start()
    log.length = 1
    await until('the failure', async () => failed.length > 0)
    expect(failed[0]).to.be.instanceOf(MillraceError).with.property('code', 'DATA_LOSS')
  })
})
