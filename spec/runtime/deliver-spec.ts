import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import { sink } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import type { Sink, SinkRow, SinkTarget } from '../../lib/ports.ts'
import { headerOf, type Position } from '../../lib/record.ts'
import { Counters } from '../../lib/runtime/counters.ts'
import { DEAD_LETTER } from '../../lib/runtime/dead-letters.ts'
import { deliver as deliverTo, type Outputs, type RowWriters } from '../../lib/runtime/deliver.ts'
import { Outbox } from '../../lib/runtime/outbox.ts'
import { Refusals } from '../../lib/runtime/refusals.ts'
import { rowWriters } from '../../lib/runtime/row-writers.ts'
import type { SinkNode } from '../../lib/topology/nodes.ts'
import { jsonTopology, output } from '../support/pipeline.ts'
import { ArrayProducer, rawRecord } from './ports.ts'

const said = jsonTopology((input) => input.pipe(sink('out', output)))
const failing = jsonTopology((input) => input.pipe(sink('out', output, { onError: 'fail' })))
const nodeOf = (topology: typeof said) => topology.nodes.find(({ kind }) => kind === 'sink') as SinkNode
const never = new AbortController().signal

/** An outbox with a record and a row for each of the offsets. */
function outboxOf(offsets: readonly number[], node = nodeOf(said)): Outbox {
  const outbox = new Outbox()
  for (const offset of offsets) {
    const raw = rawRecord(offset)
    const { key, value, timestamp, headers } = raw
    outbox.records.push({ record: { topic: 'out', key, value, timestamp, headers }, node, raw })
  }
  return outbox
}

function outputsTo(producer: ArrayProducer, topology = said, sinkPort?: Sink) {
  const counters = new Counters()
  const rows = rowWriters(new Map(sinkPort === undefined ? [] : [[nodeOf(topology), sinkPort]]))
  return { producer, rows, refusals: new Refusals(topology, counters, SILENT), counters, log: SILENT }
}

function deliver(outbox: Outbox, outputs: Outputs & { readonly rows: RowWriters }, signal: AbortSignal) {
  return deliverTo(outbox, outputs, outputs.rows, [], signal)
}

/** `value: reason` of what went to the dead letters. */
const lettersIn = (producer: ArrayProducer) =>
  producer.sent
    .flat()
    .filter(({ topic }) => topic === 'spec.dlq')
    .map(({ value, headers }) => `${value}: ${headerOf(headers, DEAD_LETTER.reason)}`)
const valuesIn = (producer: ArrayProducer) =>
  producer.sent
    .flat()
    .filter(({ topic }) => topic === 'out')
    .map(({ value }) => String(value))

describe('delivery to topics', () => {
  it('should ask nobody when there is nothing', async () => {
    const producer = new ArrayProducer()
    await deliver(new Outbox(), outputsTo(producer), never)
    expect(producer.sent).to.deep.equal([])
  })

  it('should send all at once, in order, and count it', async () => {
    const producer = new ArrayProducer()
    const outputs = outputsTo(producer)
    await deliver(outboxOf([0, 1, 2]), outputs, never)
    expect(producer.sent.map((records) => records.length)).to.deep.equal([3])
    expect(producer.values).to.deep.equal(['v0', 'v1', 'v2'])
    expect(outputs.counters.get('out', 'written')).to.equal(3)
  })

  for (const culprits of [[0], [6], [3, 4], [0, 1, 2, 3, 4, 5, 6]]) {
    it(`should part ${culprits.join(', ')} of seven from the others: those in order, these to the dead letters`, async () => {
      const refused = new Set(culprits.map((offset) => `v${offset}`))
      const producer = new ArrayProducer(({ topic, value }) => topic === 'out' && refused.has(String(value)))
      const outputs = outputsTo(producer)
      await deliver(outboxOf([0, 1, 2, 3, 4, 5, 6]), outputs, never)
      const good = [0, 1, 2, 3, 4, 5, 6].filter((offset) => !culprits.includes(offset))
      expect(valuesIn(producer)).to.deep.equal(good.map((offset) => `v${offset}`))
      expect(lettersIn(producer)).to.deep.equal(culprits.map((offset) => `v${offset}: too large`))
      expect(outputs.counters.snapshot()).to.deep.include({
        out: { refused: culprits.length, ...(good.length > 0 && { written: good.length }) },
        'dead-letters': { written: culprits.length },
      })
    })
  }

  it('should wait for a broker that is away', async () => {
    const producer = new ArrayProducer()
    producer.failures.push(new MillraceError('UNREACHABLE', 'away'), new MillraceError('UNREACHABLE', 'away'))
    await deliver(outboxOf([0, 1]), outputsTo(producer), never)
    expect(producer.values).to.deep.equal(['v0', 'v1'])
  })

  it('should make no dead letter of a fault that is not the record’s', async () => {
    const producer = new ArrayProducer()
    producer.failures.push(new MillraceError('MISSING', 'no such topic'))
    const error = await deliver(outboxOf([0, 1]), outputsTo(producer), never).catch(
      (caught: unknown) => caught,
    )
    expect(error).to.have.property('code', 'MISSING')
    expect(producer.sent).to.deep.equal([])
  })

  it('should stop with the step’s policy `fail`', async () => {
    const producer = new ArrayProducer(({ value }) => String(value) === 'v1')
    const error = await deliver(outboxOf([1], nodeOf(failing)), outputsTo(producer, failing), never).catch(
      (caught: unknown) => caught,
    )
    expect(error).to.have.property('message', 'step "out" can\'t go on at in/0/1: too large')
  })

  it('should fail, not lose it, when a dead letter itself is refused', async () => {
    const producer = new ArrayProducer(({ value }) => String(value) === 'v1')
    const error = await deliver(outboxOf([0, 1]), outputsTo(producer), never).catch(
      (caught: unknown) => caught,
    )
    expect(error).to.have.property('code', 'WRITE')
  })
})

describe('delivery to an external sink', () => {
  /** Refuses a whole write for the first culprit in it, naming its offset. */
  class RefusingSink implements Sink {
    readonly written: number[][] = []
    readonly culprits: ReadonlySet<number>

    constructor(...culprits: number[]) {
      this.culprits = new Set(culprits)
    }

    async prepare(): Promise<void> {}

    async write(rows: Parameters<Sink['write']>[0]): Promise<void> {
      const offsets = rows.map(({ origin }) => origin.offset)
      const culprit = rows.find(({ origin }) => this.culprits.has(origin.offset))
      if (culprit !== undefined) throw new MillraceError('WRITE', 'no key', culprit.origin)
      this.written.push(offsets)
    }

    async close(): Promise<void> {}
  }

  function rowsOf(offsets: readonly number[], node = nodeOf(said)): Outbox {
    const outbox = new Outbox()
    for (const offset of offsets) {
      const raw = rawRecord(offset)
      const { key, timestamp, headers, topic, partition } = raw
      const row = { value: { n: offset }, key, timestamp, headers, origin: { topic, partition, offset } }
      outbox.addRow(node, row, raw)
    }
    return outbox
  }

  it('should send the refused rows to the dead letters and write the others, in order', async () => {
    const producer = new ArrayProducer()
    const refusing = new RefusingSink(1, 3)
    await deliver(rowsOf([0, 1, 2, 3, 4]), outputsTo(producer, said, refusing), never)
    expect(refusing.written).to.deep.equal([[0, 2, 4]])
    expect(lettersIn(producer)).to.deep.equal(['v1: no key', 'v3: no key'])
  })

  it('should make one dead letter of a record of which several rows are refused', async () => {
    const producer = new ArrayProducer()
    await deliver(rowsOf([1, 1, 2]), outputsTo(producer, said, new RefusingSink(1)), never)
    expect(lettersIn(producer)).to.deep.equal(['v1: no key'])
  })

  it('should write no row twice, and ask twice, when all culprits are named at once', async () => {
    const producer = new ArrayProducer()
    const asked: [offsets: number[], positions: number][] = []
    const position = { topic: 'in', partition: 0, offset: 5 }
    const rows = new Map([
      [
        nodeOf(said),
        async (given: readonly SinkRow[], positions: readonly Position[]) => {
          asked.push([given.map(({ origin }) => origin.offset), positions.length])
          const errors = given
            .filter(({ origin }) => [1, 3].includes(origin.offset))
            .map(({ origin }) => new MillraceError('WRITE', `no key in ${origin.offset}`, origin))
          if (errors.length > 0) throw new MillraceError('WRITE', 'two', { ...errors[0]!.at, errors })
        },
      ],
    ])
    await deliverTo(rowsOf([0, 1, 2, 3, 4]), outputsTo(producer), rows, [position], never)
    // A position with the others would cover the dead letters, which are not yet written.
    expect(asked).to.deep.equal([
      [[0, 1, 2, 3, 4], 1],
      [[0, 2, 4], 0],
    ])
    expect(lettersIn(producer)).to.deep.equal(['v1: no key in 1', 'v3: no key in 3'])
  })

  for (const { passes, letters, retried } of [
    { passes: 2, letters: [], retried: 2 },
    { passes: 9, letters: ['v1: no key'], retried: 3 },
  ]) {
    it(`should write again as often as the step says: refused ${passes} times`, async () => {
      const table = { connector: 'cassandra', name: 'rows' } as SinkTarget<unknown>
      const onError = { retry: 3, backoff: '1ms', otherwise: 'dead-letter' } as const
      const again = jsonTopology((input) => input.pipe(sink('out', table, { onError })))
      const producer = new ArrayProducer()
      const outputs = outputsTo(producer, again)
      const written: number[] = []
      let refused = 0
      const writer = async (given: readonly SinkRow[]) => {
        const culprit = given.find(({ origin }) => origin.offset === 1)
        if (culprit !== undefined && refused++ < passes)
          throw new MillraceError('WRITE', 'no key', culprit.origin)
        written.push(...given.map(({ origin }) => origin.offset))
      }
      const outbox = rowsOf([0, 1, 2], nodeOf(again))
      await deliverTo(outbox, outputs, new Map([[nodeOf(again), writer]]), [], never)
      expect(lettersIn(producer)).to.deep.equal(letters)
      expect(written).to.deep.equal(letters.length > 0 ? [0, 2] : [0, 1, 2])
      expect(outputs.counters.get('out', 'retried')).to.equal(retried)
    })
  }

  it('should keep the row of another topic that has the offset of the culprit', async () => {
    const outbox = rowsOf([1])
    const raw = { ...rawRecord(1), topic: 'other' }
    const origin = { topic: 'other', partition: 0, offset: 1 }
    outbox.addRow(nodeOf(said), { value: {}, key: null, timestamp: 1, headers: [], origin }, raw)
    const written: string[] = []
    const rows = new Map([
      [
        nodeOf(said),
        async (given: readonly SinkRow[]) => {
          const culprit = given.find((one) => one.origin.topic === 'in')
          if (culprit !== undefined) throw new MillraceError('WRITE', 'no key', culprit.origin)
          written.push(...given.map((one) => one.origin.topic))
        },
      ],
    ])
    await deliverTo(outbox, outputsTo(new ArrayProducer()), rows, [], never)
    expect(written).to.deep.equal(['other'])
  })

  it('should reject with a refusal that names none of its rows', async () => {
    const outputs = outputsTo(new ArrayProducer(), said, {
      ...new RefusingSink(),
      prepare: async () => {},
      close: async () => {},
      write: async () => Promise.reject(new MillraceError('WRITE', 'whatever')),
    })
    const error = await deliver(rowsOf([0]), outputs, never).catch((caught: unknown) => caught)
    expect(error).to.have.property('message', 'whatever')
  })
})
