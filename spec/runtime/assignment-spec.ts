import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import { enrich, map, sink } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import type { SinkTarget } from '../../lib/ports.ts'
import { type AssignOptions, assign, type Running } from '../../lib/runtime/assignment.ts'
import { atLeastOnce } from '../../lib/runtime/checkpoint.ts'
import { Committer } from '../../lib/runtime/committer.ts'
import { Counters } from '../../lib/runtime/counters.ts'
import { Pauses } from '../../lib/runtime/pauses.ts'
import { Processor } from '../../lib/runtime/processor.ts'
import { Refusals } from '../../lib/runtime/refusals.ts'
import { rowWriters } from '../../lib/runtime/row-writers.ts'
import { Latencies } from '../../lib/runtime/view/latencies.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import { TaskState } from '../../lib/state/task-state.ts'
import type { SinkNode, SourceNode } from '../../lib/topology/nodes.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'
import { jsonTopology } from '../support/pipeline.ts'
import { ArrayConsumer, ArrayProducer, GatedSink, rawRecord, settled } from './ports.ts'

const table: SinkTarget<unknown> = { connector: 'gated', name: 'table' }
const at = (partition: number, offset: number) => ({ topic: 'in', partition, offset })

/** Partitions 0 and 1 of a topology that writes rows to a gated sink; micro-batches of two records. */
function running(
  more: Partial<AssignOptions> = {},
  ask?: (row: { n: number }) => Promise<{ n: number }>,
  covered: ReadonlyMap<string, number> = new Map(),
) {
  const processed: number[] = []
  const topology = jsonTopology<number>((input) => {
    const seen = input.pipe(
      map('see', (n) => {
        processed.push(n)
        return { n }
      }),
    )
    return (ask === undefined ? seen : seen.pipe(enrich('ask', ask))).pipe(sink('rows', table))
  })
  const source = topology.nodes.find((node): node is SourceNode => node.kind === 'source')!
  const node = topology.nodes.find((one): one is SinkNode => one.kind === 'sink')!
  const counters = new Counters()
  const refusals = new Refusals(topology, counters, SILENT)
  const gated = new GatedSink()
  const consumer = new ArrayConsumer()
  const failures: unknown[] = []
  const serdes = new Map([[source, { key: source.topic.key, value: source.topic.value }]])
  const bindings = { serdes: serdes as never, lookups: new Map() }
  const now = Date.now
  const log = SILENT
  const processor = (partition: number) => {
    const state = new TaskState(memoryState())
    const sub = subTopologiesOf(topology)[0]!
    const application = 'spec'
    return new Processor({
      topology,
      sub,
      partition,
      application,
      state,
      bindings,
      refusals,
      counters,
      log,
      now,
    })
  }
  const outputs = { producer: new ArrayProducer(), refusals, counters, log }
  const rows = rowWriters(new Map([[node, gated]]))
  const tasks: Running = assign({
    consumer,
    pauses: new Pauses(),
    partitionsOf: () => 1,
    tasks: [0, 1].map((partition) => ({
      name: `0_${partition}`,
      positions: [at(partition, 0)],
      processor: processor(partition),
      state: undefined,
      covered,
    })),
    counters,
    suspects: undefined,
    commits: new Latencies(),
    checkpoints: (signal) => {
      const committer = new Committer(more.consumer ?? consumer, 7, signal)
      return ({ state }) => atLeastOnce({ outputs, rows, state, committer })
    },
    limits: { records: 2, bytes: 1e9, wait: 0 },
    creditBytes: 1e9,
    ended: async () => {},
    release: async () => {},
    admin: undefined as never,
    idleAfter: Number.POSITIVE_INFINITY,
    failed: (error) => void failures.push(error),
    ...more,
  })
  const offer = (partition: number, from: number, count: number) => {
    const records = Array.from({ length: count }, (_, i) => ({
      ...rawRecord(from + i, String(from + i)),
      partition,
    }))
    const bytes = records.reduce((sum, { key, value }) => sum + key!.length + value!.length, 0)
    tasks.tasks
      .get(`in/${partition}`)
      ?.offer({ topic: 'in', partition, generation: 7, records, next: from + count, bytes })
  }
  const written = () => gated.begun.map((rows) => rows.map(({ origin }) => origin.offset))
  return { tasks, offer, processed, gated, written, consumer, failures, counters }
}

describe('the tasks of an assignment', () => {
  it('should leave out, and count, what the state covers, and commit beyond it', async () => {
    const { tasks, offer, processed, gated, consumer, counters } = running(
      {},
      undefined,
      new Map([['in', 3]]),
    )
    offer(0, 0, 4)
    await settled()
    gated.end(0)
    await settled()
    await tasks.drain(1000)
    expect(processed).to.deep.equal([3])
    expect(counters.get('input', 'covered')).to.equal(3)
    expect(consumer.commits.flat().at(-1)).to.deep.equal(at(0, 4))
  })

  it('should fetch and process the next micro-batch while one is written', async () => {
    const { tasks, offer, processed, gated, written, consumer } = running({ creditBytes: 1 })
    offer(0, 0, 2)
    await settled()
    expect(written()).to.deep.equal([[0, 1]])
    offer(0, 2, 2)
    await settled()
    expect(processed).to.deep.equal([0, 1, 2, 3])
    expect(written()).to.deep.equal([[0, 1]])
    expect(consumer.flows.at(-1)).to.equal('in/0 flowing')
    gated.end(0)
    await settled()
    gated.end(1)
    await tasks.drain(1000)
    expect(consumer.commits.flat()).to.deep.equal([at(0, 2), at(0, 4)])
  })

  it('should write the micro-batches of one partition one after another, and commit each behind its write', async () => {
    const { tasks, offer, gated, written, consumer } = running()
    offer(0, 0, 8)
    for (let batch = 0; batch < 4; batch++) {
      await settled()
      expect(written()).to.deep.equal(
        [
          [0, 1],
          [2, 3],
          [4, 5],
          [6, 7],
        ].slice(0, batch + 1),
      )
      expect(consumer.commits.flat().map(({ offset }) => offset)).to.deep.equal([2, 4, 6].slice(0, batch))
      gated.end(batch)
    }
    await settled()
    expect(consumer.commits.flat().at(-1)).to.deep.equal(at(0, 8))
    expect(gated.most).to.equal(1)
    await tasks.drain(1000)
  })

  it('should hold no more than what is written, what waits for that, and its credit', async () => {
    const { tasks, offer, processed, consumer } = running({ creditBytes: 10 })
    for (let from = 0; from < 40; from += 4) offer(0, from, 4)
    await settled()
    expect(processed).to.deep.equal([0, 1, 2, 3])
    expect(consumer.flows).to.deep.equal(['in/0 paused'])
    await tasks.drain(1)
  })

  it('should let partitions go on side by side', async () => {
    const { tasks, offer, gated, consumer } = running()
    offer(0, 0, 2)
    offer(1, 0, 2)
    await settled()
    expect(gated.most).to.equal(2)
    gated.end(1)
    await settled()
    expect(consumer.commits.flat()).to.deep.equal([at(1, 2)])
    gated.end(0)
    await tasks.drain(1000)
  })

  it('should, when drained, finish and commit what is in hand, and begin nothing more', async () => {
    const { tasks, offer, processed, gated, written, consumer } = running()
    offer(0, 0, 8)
    await settled()
    const drained = tasks.drain(60_000)
    offer(0, 8, 2)
    gated.end(0)
    await settled()
    gated.end(1)
    await drained
    expect(processed).to.deep.equal([0, 1, 2, 3])
    expect(written()).to.deep.equal([
      [0, 1],
      [2, 3],
    ])
    expect(consumer.commits.flat()).to.deep.equal([at(0, 2), at(0, 4)])
  })

  it('should give up a write that hangs, leave it uncommitted, and call that no failure', async () => {
    const { tasks, offer, consumer, failures } = running()
    offer(0, 0, 4)
    await settled()
    await tasks.drain(5)
    expect(consumer.commits).to.deep.equal([])
    expect(failures).to.deep.equal([])
  })

  it('should tell of what has ended a task, and commit nothing of it', async () => {
    const broken = running()
    const error = new MillraceError('MISSING', 'no such group')
    broken.consumer.before = () => {
      throw error
    }
    broken.offer(0, 0, 2)
    await settled()
    broken.gated.end(0)
    await settled()
    expect(broken.failures).to.deep.equal([error])
    expect(broken.consumer.commits).to.deep.equal([])
    await broken.tasks.drain(5)
  })

  it('should tell that a write has failed though the next micro-batch waits for a server that is away', async () => {
    const waits = Promise.withResolvers<void>()
    const { tasks, offer, gated, consumer, failures } = running({}, async (row) => {
      if (row.n < 2) return row
      waits.resolve()
      throw new MillraceError('UNREACHABLE', 'away')
    })
    const error = new MillraceError('MISSING', 'no such group')
    consumer.before = () => {
      throw error
    }
    offer(0, 0, 4)
    await waits.promise
    gated.end(0)
    await settled()
    expect(failures).to.deep.equal([error])
    await tasks.drain(5)
  })
})
