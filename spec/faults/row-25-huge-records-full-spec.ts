import { expect } from 'chai'
import type { OutRecord } from '../../lib/record.ts'
import { DEAD_LETTER } from '../../lib/runtime/dead-letters.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { consumeTopic, type ShownRecord } from '../support/console-consumer.ts'
import {
  applyTopology,
  committedOf,
  endsOf,
  produce,
  type SpecEnvironment,
  specEnvironment,
} from '../support/environment.ts'
import { kafkaTool } from '../support/kafka-tool.ts'
import { servers } from '../support/servers.ts'
import { HUGE, hashOf, names, recordOf, said } from './huge/workload.ts'
import { CLEAN, judge, type Numbered, type Verdict } from './support/judge.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'
import { RowWorker } from './support/row-worker.ts'

describe('fault row 25: huge records, keys and headers', () => {
  const run = uniqueName('huge')
  const { application, input, large, small, hashes } = names(run)
  const memory = new PeakMemory()
  /** Offsets of the huge ones. */
  const at: number[] = []
  let environment: SpecEnvironment
  let worker: RowWorker
  let written: OutRecord[]
  let letters: ShownRecord[]
  let ofLarge: Verdict
  let ofSmall: Verdict

  before(async () => {
    environment = specEnvironment()
    await applyTopology(said(run), environment)
    const apart = Math.floor(rowRecords() / HUGE.length)
    for (let i = 0; i < HUGE.length; i++) at.push(Math.floor((i + 0.5) * apart))
    written = Array.from({ length: rowRecords() }, (_, n) => {
      const i = at.indexOf(n)
      return i < 0 ? recordOf(input, n) : recordOf(input, n, HUGE[i])
    })
    for (let from = 0; from < written.length; from += 1000) {
      await produce(environment, written.slice(from, from + 1000))
    }
    const place = { kafka: servers().kafkaBrokers }
    const module = new URL('huge/workload.ts', import.meta.url).href
    worker = new RowWorker({ module, run, place, stateDir: '', untilCaughtUp: true, batch: 500 }, memory)
    await worker.ended
    ofLarge = judge(numbers(written.map((_, n) => n)), numbers(await timesOf(large)))
    const taken = written.map((_, n) => n).filter((n) => !at.includes(n))
    ofSmall = judge(numbers(taken), numbers(await timesOf(small)))
    const { topic } = said(run).deadLetters
    const ends = await endsOf(environment, topic)
    letters = (await Promise.all(ends.map((end, partition) => consumeTopic(topic, end, partition)))).flat()
    report({
      ...{ row: 25, fault: 'huge values, keys and headers', records: rowRecords(), kills: 0 },
      lost: ofLarge.lost.length + ofSmall.lost.length,
      duplicated: ofLarge.duplicated.length + ofSmall.duplicated.length,
      ...{ recoverySeconds: null, peakMemory: memory.bytes },
    })
  })

  after(async () => {
    await worker?.clear()
    await environment?.close()
  })

  it('should go on behind each of them, to the end', async () => {
    expect(worker.failed).to.equal(undefined)
    expect(await committedOf(environment, application, input)).to.deep.equal([rowRecords()])
  })

  it('should deliver each of them to a topic that takes it, whole', async () => {
    expect({ ...ofLarge, duplicated: [] }).to.deep.equal(CLEAN)
    const [end = 0] = await endsOf(environment, hashes)
    const seen = (await consumeTopic(hashes, end)).map(({ timestamp, value }) => {
      return [timestamp, JSON.parse(String(value))] as const
    })
    const hashOfRecord = new Map(seen)
    for (const [i, { text, what }] of HUGE.entries()) {
      expect(hashOfRecord.get(written[at[i]!]!.timestamp), what).to.equal(hashOf(text))
    }
  })

  it('should deliver all others to a topic that does not take the huge ones', () => {
    expect({ ...ofSmall, duplicated: [] }).to.deep.equal(CLEAN)
  })

  it('should make one dead letter of each, which says what was left out', () => {
    const shown = letters.toSorted((a, b) => a.timestamp - b.timestamp)
    expect(shown.map(({ headers }) => headers.get(DEAD_LETTER.offset))).to.deep.equal(at.map(String))
    for (const [i, { what, omitted }] of HUGE.entries()) {
      const { headers } = shown[i]!
      expect(headers.get(DEAD_LETTER.step), what).to.equal('small')
      expect(headers.get(DEAD_LETTER.omitted), what).to.match(omitted)
      expect(headers.get(DEAD_LETTER.reason), what).to.match(/too large/)
    }
  })

  const numbers = (all: readonly number[]): Numbered[] => all.map((n) => ({ key: 'all', n }))

  /** The numbers of the records in a topic, which are their times: by Kafka's console consumer, without content. */
  async function timesOf(topic: string): Promise<number[]> {
    const [end = 0] = await endsOf(environment, topic)
    const printed = await kafkaTool('consumer.ConsoleConsumer', [
      ...['--bootstrap-server', servers().kafkaBrokers, '--topic', topic, '--partition', '0'],
      ...['--offset', 'earliest', '--max-messages', String(end), '--timeout-ms', '120000'],
      ...['--formatter-property', 'print.timestamp=true', '--formatter-property', 'print.value=false'],
    ])
    return [...printed.matchAll(/CreateTime:(\d+)/g)].map(([, time]) => Number(time) - 1_700_000_000_000)
  }
})
