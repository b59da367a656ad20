import type { Subscription } from '../contract/foreign-key-serdes.ts'
import { internalSerde } from '../contract/internal-serde.ts'
import { rekeyed } from '../record.ts'
import { Subscriptions } from '../state/subscriptions.ts'
import type { ForeignKeyRespondNode } from '../topology/join-nodes.ts'
import type { Change } from '../topology/table-nodes.ts'
import type { Push, StepRuntime } from './step.ts'
import { viewOf } from './view.ts'

/**
 * Answers subscriptions, and tells changes of right rows to all who want them. (SubscriptionReceiveProcessorSupplier,
 * SubscriptionJoinProcessorSupplier; ForeignTableJoinProcessorSupplier)
 */
export function foreignKeyRespondStep(node: ForeignKeyRespondNode, next: Push, runtime: StepRuntime): Push[] {
  const view = viewOf(node.parents[1]!, runtime.state)
  const { name, key } = node.subscriptions
  const bytes = runtime.state.bytes(name)
  const subscriptions = new Subscriptions(internalSerde(key), internalSerde(node.left), bytes)

  const subscribed: Push = (value, context) => {
    const { instruction, left, hash, partition } = value as Subscription
    const { key, timestamp } = context
    if (key !== null && instruction.startsWith('keep')) subscriptions.put(key, { left, hash, partition })
    else if (key !== null) subscriptions.delete(key, left)
    if (instruction === 'end, no answer') return
    const found = key === null ? undefined : view.get(key)
    const quiet = found === undefined && instruction === 'keep, answer if found'
    const row = instruction === 'end, answer null' ? null : (found?.value ?? null)
    next(
      { hash, partition, row, quiet },
      rekeyed(context, left, Math.max(timestamp, found?.timestamp ?? timestamp)),
    )
  }

  const changed: Push = (value, context) => {
    const { new: row, latest } = value as Change
    if (!latest) return runtime.drop(node, 'out-of-order', row, context)
    for (const { left, hash, partition } of subscriptions.of(context.key)) {
      next({ hash, partition, row, quiet: false }, rekeyed(context, left, context.timestamp))
    }
  }

  return [subscribed, changed]
}
