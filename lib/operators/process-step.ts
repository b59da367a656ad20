import { duration } from '../duration.ts'
import { MillraceError, messageOf } from '../errors.ts'
import { type Context, isTimestamp, NO_HEADERS } from '../record.ts'
import type { ProcessNode } from '../topology/keyed-nodes.ts'
import type { Node } from '../topology/nodes.ts'
import type { Forward, Processor } from './process.ts'
import { processorStore } from './processor-stores.ts'
import { guarded, type Push, type StepRuntime } from './step.ts'
import { tableView } from './table-view.ts'

/** Only the first entrance is entered: tables are there to be asked. (ProcessorNode) */
export function processStep(node: ProcessNode, next: Push, runtime: StepRuntime): Push[] {
  const hand = new Hand(node, next)
  const called = guarded(node, (call: () => void) => call(), {
    refuse: (_, error) => hand.fault(error, () => punctuationFailed(node, error, runtime)),
  })
  const processor: Processor<ProcessNode['stores'], Readonly<Record<string, never>>> = {
    stores: mapValues(node.stores, (spec) => processorStore(spec, runtime.state)),
    tables: mapValues(tablesOf(node), (table) => tableView(table, runtime.state)) as never,
    schedule: (clock, interval, call) => {
      const cancel = runtime.timers.schedule(clock, intervalOf(node, interval), (time) => {
        const context = { ...runtime.timers.current, key: null, headers: NO_HEADERS, timestamp: time }
        hand.take(undefined, context)
        called(() => call(time, cancel), context)
        hand.letGo()
      })
      return cancel
    },
    streamTime: () => runtime.timers.streamTime,
    wallClock: () => runtime.timers.wallClock,
  }
  const handle = guarded(node, node.setup(processor as never, hand.forward as never), {
    refuse: (_, error, context) => hand.fault(error, () => runtime.refuse(node, error, context)),
  })
  return [
    (value, context) => {
      hand.take(value, context)
      handle(value, context)
      hand.letGo()
    },
  ]
}

/** The record that a processor has in hand, and the way on from there. */
class Hand {
  readonly #node: Node
  readonly #next: Push
  #value: unknown
  #context: Context | undefined
  /** Whether a record is with the steps behind. */
  #away = false

  constructor(node: Node, next: Push) {
    this.#node = node
    this.#next = next
  }

  /** `value` undefined: a scheduled call, which has no record. */
  take(value: unknown, context: Context): void {
    this.#value = value
    this.#context = context
    this.#away = false
  }

  letGo(): void {
    this.#context = undefined
  }

  /** What a step behind throws is no fault of this one, and ends the task. */
  fault(error: unknown, own: () => void): void {
    if (this.#away) throw error
    own()
  }

  readonly forward: Forward<unknown, unknown> = (said) => {
    const inHand = this.#context
    if (inHand === undefined) {
      throw this.#wrong('forwards without a record in hand: not in its setup, and not after an await')
    }
    const {
      value = this.#value,
      key = inHand.key,
      timestamp = inHand.timestamp,
      headers = inHand.headers,
    } = said
    if (value === undefined) throw this.#wrong('forwards no value in a scheduled call: give one, or null')
    if (!isTimestamp(timestamp)) throw this.#wrong('forwards a timestamp that is negative or no whole number')
    const { topic, partition, offset, raw } = inHand
    this.#away = true
    this.#next(value, { key, timestamp, headers, topic, partition, offset, raw })
    this.#away = false
  }

  #wrong(what: string): MillraceError {
    return new MillraceError('STEP', `step "${this.#node.name}" ${what}`, { step: this.#node.name })
  }
}

/** There is no record to refuse. */
function punctuationFailed({ name, onError }: ProcessNode, cause: unknown, runtime: StepRuntime): void {
  if (onError === 'skip') {
    runtime.count(name, 'skipped')
    return
  }
  const message = `step "${name}" can't go on: its scheduled call failed: ${messageOf(cause)}`
  throw new MillraceError('STEP', message, { step: name, cause })
}

function intervalOf({ name }: Node, said: Parameters<Processor['schedule']>[1]): number {
  const interval = duration(said)
  if (interval >= 1) return interval
  const message = `step "${name}" schedules a call every ${interval} ms; at least 1 ms must lie between two`
  throw new MillraceError('CONFIG', message, { step: name })
}

function tablesOf({ tables, parents }: ProcessNode): Record<string, Node> {
  return Object.fromEntries(tables.map((name, index) => [name, parents[index + 1]!]))
}

function mapValues<A, B>(of: Readonly<Record<string, A>>, project: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, project(value)]))
}
