import { usersOf } from '../connectors/http/recorded-users.ts'
import { bytesKey, filter, flatMap, map, type Stream, sink, topic, topology, validate } from '../lib/index.ts'
import { SILENT } from '../lib/log.ts'
import { type Context, NO_HEADERS, type RawRecord } from '../lib/record.ts'
import { Counters } from '../lib/runtime/counters.ts'
import { Processor } from '../lib/runtime/processor.ts'
import { Refusals } from '../lib/runtime/refusals.ts'
import { memoryState } from '../lib/state/memory-state.ts'
import { TaskState } from '../lib/state/task-state.ts'
import { subTopologiesOf } from '../lib/topology/sub-topologies.ts'
import type { RandomUser } from '../schemas/random-user.ts'
import { type IdentifiedUser, implausible, unidentified } from '../topologies/insight/checks.ts'
import { toInsight } from '../topologies/insight/to-insight.ts'
import { toRandomUser } from '../topologies/random-user-payload.ts'
import { fastest, type Result } from './workload.ts'

const RECORDS = 10_000

/**
 * What a step costs beside the function in it: a topology of map → filter → map against one without these steps, and
 * against the bare functions, over the same micro-batch of 10,000 records. The same for the user-insights cleanse.
 */
export async function* operatorCost(): AsyncIterable<Result> {
  yield await stepCost()
  yield await cleanseCost()
}

const increment = (n: number) => n + 1
const isPositive = (n: number) => n > 0
const double = (n: number) => n * 2

async function stepCost(): Promise<Result> {
  const records = rawRecords(Array.from({ length: RECORDS }, (_, i) => i))
  const through = processorOf<number>((numbers) =>
    numbers.pipe(map('increment', increment), filter('positive', isPositive), map('double', double), end()),
  )
  const nothing = processorOf<number>((numbers) => numbers.pipe(end()))
  const [steps, none, alone] = await fastest(
    () => through.process(records, NEVER),
    () => nothing.process(records, NEVER),
    () => {
      for (let i = 0; i < RECORDS; i++) {
        const one = increment(i)
        if (isPositive(one)) last = double(one)
      }
    },
  )
  const added = round((steps - none - alone) / RECORDS / 3)
  return { workload: 'map → filter → map', records: RECORDS, 'added ns/record/step': added, limit: 50 }
}

async function cleanseCost(): Promise<Result> {
  // Few enough to stay in the processor's caches, as records do that have just been decoded.
  const few = usersOf('bench', 1, 200).map((user) => toRandomUser(user, null))
  const users = Array.from({ length: RECORDS }, (_, i) => few[i % few.length]!)
  const records = rawRecords(users)
  const through = processorOf<RandomUser>((input) =>
    input.pipe(
      validate<Buffer, RandomUser, IdentifiedUser>('identified', unidentified),
      validate('plausible', implausible),
      map('cleanse', toInsight),
      end(),
    ),
  )
  const nothing = processorOf<RandomUser>((input) => input.pipe(end()))
  // By hand as in the pipeline each record is decoded and given a context: to fetch it from memory is no step's cost.
  const [steps, none, alone, read] = await fastest(
    () => through.process(records, NEVER),
    () => nothing.process(records, NEVER),
    () => {
      for (const raw of records) {
        const user = byOffset.decode(raw.value!) as IdentifiedUser
        const context = contextOf(raw)
        if (unidentified(user) !== undefined || implausible(user, context) !== undefined) continue
        last = toInsight(user, context)
      }
    },
    () => {
      for (const raw of records) {
        last = byOffset.decode(raw.value!)
        last = contextOf(raw)
      }
    },
  )
  const bare = alone - read
  const added = round(((steps - none) / bare - 1) * 100)
  const perRecord = round(bare / RECORDS)
  return {
    workload: 'user-insights cleanse',
    records: RECORDS,
    'bare ns/record': perRecord,
    'added %': added,
    limit: 5,
  }
}

/** As sources make it: the functions meet one shape of object alone, as they do in a worker. */
function contextOf(raw: RawRecord): Context<never> {
  const { timestamp, headers, topic, partition, offset } = raw
  const context: Context = { key: null, timestamp, headers, topic, partition, offset, raw }
  return context as Context<never>
}

const NEVER = new AbortController().signal

/** Keeps what the bare functions return from being left out as unused. */
export let last: unknown

/** Drops everything before the sink, so that the cost of output hides nothing. */
const end = () => (stream: Stream<Buffer, unknown>) => {
  const none: Stream<Buffer, never> = stream.pipe(flatMap('none', () => NONE))
  return none.pipe(sink('out', output))
}
const NONE: never[] = []

/** Serdes that cost nothing: the value of record i is the i-th of the list. */
let values: readonly unknown[] = []
const byOffset = { encode: () => NOTHING, decode: (bytes: Buffer) => values[bytes.readUInt32BE()] as never }
const NOTHING = Buffer.alloc(0)
const output = topic<Buffer, never>('out', { key: bytesKey, value: byOffset })

function rawRecords(of: readonly unknown[]): RawRecord[] {
  values = of
  return of.map((_, offset) => {
    const value = Buffer.alloc(4)
    value.writeUInt32BE(offset)
    const place = { topic: 'in', partition: 0, offset, timestamp: Date.now(), headers: NO_HEADERS }
    return { ...place, key: null, value }
  })
}

function processorOf<V>(define: (input: Stream<Buffer, V>) => unknown): Processor {
  const said = topology('bench', ({ source }) => {
    define(source('in', topic<Buffer, V>('in', { key: bytesKey, value: byOffset })))
  })
  const serdes = new Map(said.nodes.map((node) => [node, { key: bytesKey, value: byOffset }]))
  const counters = new Counters()
  return new Processor({
    topology: said,
    sub: subTopologiesOf(said)[0]!,
    partition: 0,
    application: said.name,
    state: new TaskState(memoryState()),
    bindings: { serdes: serdes as never, lookups: new Map() },
    refusals: new Refusals(said, counters, SILENT),
    counters,
    log: SILENT,
    now: Date.now,
  })
}

function round(n: number): number {
  return Math.round(n * 10) / 10
}
