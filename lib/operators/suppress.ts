import { structured } from '../contract/structured.ts'
import { MillraceError } from '../errors.ts'
import type { Context } from '../record.ts'
import type { HeldUpdate } from '../state/held-update.ts'
import { SuppressBuffer } from '../state/suppress-buffer.ts'
import type { Node } from '../topology/nodes.ts'
import { keyFormatOf } from '../topology/repartition-nodes.ts'
import { Table } from '../topology/stream.ts'
import type { Change, SuppressNode, UntilTimeLimit, UntilWindowCloses } from '../topology/table-nodes.ts'
import type { Format } from '../topology/topic.ts'
import { isVersioned } from '../topology/versioned.ts'
import { closesAfter, windowsOf } from '../topology/window-close.ts'
import type { Windowed } from '../windows/windowed.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

type Until = UntilWindowCloses | UntilTimeLimit

/**
 * Holds back a table's updates and shows only the last of each key, with its own timestamp and headers. Time is that
 * of the updates which get here, and nothing is shown but when one does. What waits survives a crash. (KTable#suppress,
 * KTableSuppressProcessorSupplier, KIP-328)
 *
 * ```text
 * untilTimeLimit(30)
 * updates   a=1@10   a=2@20              b=3@40          b=4@60       c=5@70
 * waits     a=1      a=2                 b=3             b=4          c=5
 * shown                                  a=2@20                       b=4@60    30 after the first, at 10 and 40
 *
 * untilWindowCloses(), tumbling(10, { grace: 5 })
 * records   @3       @7       @12        @14     @15
 * updates   [0,10)=1 [0,10)=2 [10,20)=1  …=2     …=3
 * shown                                          [0,10)=2@7                     time is at 10 + 5
 * ```
 *
 * As in Kafka Streams, sliding windows and sessions still take records in the millisecond in which they are shown, and
 * are then shown a second time; `emit: 'close'` of `window` does not have this.
 *
 * @throws MillraceError `CONFIG` when said behind a versioned table, or `untilWindowCloses` of what has no windows;
 * at run time when more waits than may, and must not be shown early.
 */
export function suppress<K, V>(name: string, until: UntilTimeLimit): (table: Table<K, V>) => Table<K, V>
export function suppress<K, V>(
  name: string,
  until: UntilWindowCloses,
): (table: Table<Windowed<K>, V>) => Table<Windowed<K>, V>
export function suppress<K, V>(name: string, until: Until): (table: Table<K, V>) => Table<K, V> {
  return (table) => {
    const parent = table.node
    if (isVersioned(parent)) {
      const message = `step "${name}" can't hold back updates of a versioned table: put it behind a table without history`
      throw new MillraceError('CONFIG', message, { step: name })
    }
    const node: SuppressNode = Object.freeze({
      kind: 'suppress',
      name,
      onError: 'dead-letter',
      until,
      wait: waitOf(name, parent, until),
      store: Object.freeze({
        kind: 'key-value',
        name,
        timestamped: false,
        key: keyFormatOf(parent),
        value: rowFormatOf(parent),
      }),
      parents: Object.freeze([parent]),
    })
    return new Table<K, V>(table.graph.add(node), table.graph)
  }
}

export function suppressStep(node: SuppressNode, next: Push, runtime: StepRuntime): Push {
  const { until, wait, store } = node
  const buffer = new SuppressBuffer(store, runtime.state.bytes(store.name), uncountedOf(node))
  const time = runtime.state.time(`${node.name}/0`)
  const hold = guarded(
    node,
    (change: Change, context: Context) => {
      const at = until.kind === 'close' ? (context.key as Windowed<unknown>).end : context.timestamp
      buffer.put(at, change, context)
    },
    runtime,
  )
  const isFull = () => buffer.records > until.maxRecords || buffer.size > until.maxBytes
  const show = ({ change, context }: HeldUpdate) => {
    // A window that nobody has seen need not be taken back.
    if (change.new !== null || until.kind === 'limit') next(change, context)
  }
  return (value, context) => {
    const due = time.observe(context.timestamp) - wait
    if (hold(value, context) === REFUSED) return
    buffer.evictWhile(() => buffer.earliest <= due, show)
    if (!isFull()) return
    if (until.kind === 'close' || until.whenFull === 'fail') throw full(node, buffer)
    buffer.evictWhile(isFull, show)
  }
}

function waitOf(name: string, parent: Node, until: Until): number {
  if (until.kind === 'limit') return until.limit
  const wait = closesAfter(parent)
  if (wait !== undefined) return wait
  const message = `step "${name}" waits for windows to close, but "${parent.name}" has none: use untilTimeLimit(…)`
  throw new MillraceError('CONFIG', message, { step: name })
}

/** Rows as the table keeps them, if it does. */
function rowFormatOf(node: Node): Format<unknown> {
  if ('store' in node && node.store !== undefined) return node.store.value
  return node.kind === 'tableFilter' ? rowFormatOf(node.parents[0]!) : structured()
}

/** Kafka's keys of windows other than sessions do not say the end. */
function uncountedOf(node: Node): number {
  const windows = windowsOf(node)
  return windows === undefined || windows.kind === 'session' ? 0 : 8
}

/** Not of one record: no policy of a step may turn it into a dead letter. */
function full({ name, until }: SuppressNode, { records, size }: SuppressBuffer): MillraceError {
  const { maxRecords, maxBytes } = until
  const [limit, waiting] =
    records > maxRecords
      ? [`maxRecords: ${maxRecords}`, `${records} keys`]
      : [`maxBytes: ${maxBytes}`, `${size} bytes`]
  const cure =
    until.kind === 'close' ? 'shorten the windows or their grace' : "say { whenFull: 'emit-early' }"
  const message = `step "${name}" would have to hold back ${waiting}, more than ${limit} allows: raise the limit, or ${cure}`
  return new MillraceError('CONFIG', message, { step: name })
}
