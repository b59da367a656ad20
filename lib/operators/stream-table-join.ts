import { internalSerde } from '../contract/internal-serde.ts'
import { WaitingRecords } from '../state/waiting-records.ts'
import type { StreamTableJoinNode } from '../topology/join-nodes.ts'
import type { StoreSpec } from '../topology/store.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'
import { viewOf } from './view.ts'

const NO_ROW = Symbol('no-row')

/** Only the stream enters: the table is there to be asked. (KStreamKTableJoinProcessor) */
export function streamTableJoinStep(node: StreamTableJoinNode, next: Push, runtime: StepRuntime): Push[] {
  const view = viewOf(node.parents[1]!, runtime.state)
  const join = guarded(
    node,
    (value: unknown, context) => {
      const { key, timestamp } = context
      const row = key === null ? undefined : view.asOf ? view.asOf(key, timestamp) : view.get(key)
      if (row === undefined && node.type === 'inner') return NO_ROW
      return node.join(value as never, (row?.value ?? null) as never, context)
    },
    runtime,
  )
  const joined: Push = (value, context) => {
    const result = join(value, context)
    if (result !== REFUSED && result !== NO_ROW) next(result, context)
  }
  const ready = node.buffer === undefined ? joined : waiting(node, node.buffer, joined, runtime)
  return [
    (value, context) => {
      if (value === null) return runtime.drop(node, 'null-value', value, context)
      if (context.key !== null) return ready(value, context)
      if (node.type === 'inner') return runtime.drop(node, 'null-key', value, context)
      // No row can come for it. (Kafka Streams fails here where there is a grace period.)
      joined(value, context)
    },
  ]
}

/** Holds records back until the grace period is over; late ones are joined at once. Only what may wait moves time. */
function waiting(
  node: StreamTableJoinNode,
  { name, key, value }: StoreSpec,
  joined: Push,
  runtime: StepRuntime,
): Push {
  const time = runtime.state.time(`${node.name}/0`)
  const records = new WaitingRecords(internalSerde(key), internalSerde(value), runtime.state.bytes(name))
  const wait = guarded(node, (record: unknown, context) => records.add(record, context), runtime)
  return (record, context) => {
    const due = time.observe(context.timestamp) - node.grace!
    if (context.timestamp < due) joined(record, context)
    else wait(record, context)
    for (const released of records.take(due)) joined(released.value, released.context)
  }
}
