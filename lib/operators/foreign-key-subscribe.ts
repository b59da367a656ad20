import type { Instruction } from '../contract/foreign-key-serdes.ts'
import { internalSerde } from '../contract/internal-serde.ts'
import { valueHash } from '../contract/value-hash.ts'
import { type Context, rekeyed } from '../record.ts'
import type { Row } from '../state/row.ts'
import type { ForeignKeySubscribeNode } from '../topology/join-nodes.ts'
import type { Change } from '../topology/table-nodes.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'
import { viewOf } from './view.ts'

/** A reference and its bytes, by which two are compared; null: to nothing. */
type Reference = { readonly key: unknown; readonly bytes: Buffer } | null

/** Turns changes of left rows into subscriptions. (SubscriptionSendProcessorSupplier) */
export function foreignKeySubscribeStep(
  node: ForeignKeySubscribeNode,
  next: Push,
  runtime: StepRuntime,
): Push {
  const view = viewOf(node.parents[0]!, runtime.state)
  const referenceOf = references(node, runtime)
  // The row that was there has been refused when it came, if it had to be.
  const formerOf = references(node, { refuse: () => {} })
  const hashOf = guarded(node, (_: unknown, { key }) => rowHash(view.get(key)), runtime)
  return (value, context) => {
    const change = value as Change
    if (!change.latest) return runtime.drop(node, 'out-of-order', change.new, context)
    const former = formerOf(change.old, context)
    const reference = referenceOf(change.new, context)
    if (node.type === 'inner' && change.new !== null && reference === null) {
      runtime.drop(node, 'null-key', change.new, context)
    }
    const hash = hashOf(change.new, context)
    if (hash === REFUSED) return
    const send = (to: Reference, instruction: Instruction) =>
      next(
        { instruction, hash, left: context.key, partition: context.partition },
        rekeyed(context, to?.key ?? null, context.timestamp),
      )
    if (change.old === null && change.new === null) return
    if (node.type === 'left') subscribeLeft(former, reference, send)
    else subscribeInner(former, reference, send)
  }
}

/**
 * Of the left row that is there, as the table shows it: both ends of the join ask there, so that the two hashes of one
 * row are made in the same way.
 */
export function rowHash(row: Row<unknown> | undefined): Buffer | null {
  return row === undefined ? null : valueHash(row.value)
}

type Send = (to: Reference, instruction: Instruction) => void

/** Every change is answered: without a reference it can't be kept, and the answer is null. */
function subscribeLeft(former: Reference, reference: Reference, send: Send): void {
  if (former !== null && changed(former, reference)) send(former, 'end, no answer')
  send(reference, 'keep, answer always')
}

/** Where nothing can have been joined before, and nothing is found now, there is nothing to tell. */
function subscribeInner(former: Reference, reference: Reference, send: Send): void {
  if (reference === null) {
    if (former !== null) send(former, 'end, answer null')
  } else if (former === null || !changed(former, reference)) {
    send(reference, 'keep, answer if found')
  } else {
    // The two may be in different partitions.
    send(former, 'end, no answer')
    send(reference, 'keep, answer always')
  }
}

function changed(former: NonNullable<Reference>, reference: Reference): boolean {
  return reference === null || !former.bytes.equals(reference.bytes)
}

function references(
  node: ForeignKeySubscribeNode,
  runtime: Pick<StepRuntime, 'refuse'>,
): (row: unknown, context: Context) => Reference {
  const keys = internalSerde(node.foreign)
  const find = guarded(
    node,
    (row: unknown, context): Reference => {
      const key = node.foreignKey(row as never, context.key) ?? null
      return key === null ? null : { key, bytes: keys.encode(key) }
    },
    runtime,
  )
  return (row, context) => {
    const reference = row === null ? null : find(row, context)
    return reference === REFUSED ? null : reference
  }
}
