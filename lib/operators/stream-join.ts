import { internalSerde } from '../contract/internal-serde.ts'
import { type Context, rekeyed } from '../record.ts'
import { type JoinSide, UnmatchedBuffer } from '../state/unmatched-buffer.ts'
import type { StreamJoinNode } from '../topology/join-nodes.ts'
import { joinPair } from './join-pair.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/**
 * Two streams, a store for each: a record joins what the other's store has of its key, and is put into its own.
 * Unmatched records wait by stream time; nothing is held back by the wall clock. (KStreamKStreamJoin, KAFKA-10847)
 */
export function streamJoinStep(node: StreamJoinNode, next: Push, runtime: StepRuntime): Push[] {
  const { type, windows } = node
  const emit = joinPair(node, next, runtime)
  const time = runtime.state.time(`${node.name}/0`)
  const stores = { left: runtime.state.store(node.left), right: runtime.state.store(node.right) }
  const unmatched = unmatchedOf(node, runtime)
  /** How far ahead of a record of this side the other side is looked at. */
  const ahead = { left: windows.after, right: windows.before }

  /** Hands on what has waited long enough, when a record of this side has brought time to `now`. */
  const release = (side: JoinSide, now: number, context: Context) => {
    // Kafka Streams compares what is oldest with this side's window, whichever side that is of.
    if (unmatched === undefined || unmatched.oldest + ahead[side] + windows.grace >= now) return
    const over = now - windows.grace
    for (const late of unmatched.take({ left: over - ahead.left, right: over - ahead.right })) {
      const [left, right] = late.side === 'left' ? [late.value, null] : [null, late.value]
      emit(left, right, rekeyed(context, late.key, late.timestamp))
    }
  }

  const entrance = (side: JoinSide): Push => {
    const other = side === 'left' ? 'right' : 'left'
    const [own, theirs] = [stores[side], stores[other]]
    const outer = type === 'outer' || (type === 'left' && side === 'left')
    const pair: typeof emit = side === 'left' ? emit : (mine, theirs, context) => emit(theirs, mine, context)
    const put = guarded(node, (value, { key, timestamp }) => own.put(key, value, timestamp), runtime)
    const wait = guarded(
      node,
      (value: unknown, { key, timestamp }) => unmatched?.add({ side, key, value, timestamp }),
      runtime,
    )

    return (value, context) => {
      const { key, timestamp } = context
      const now = time.observe(timestamp)
      if (key === null && value !== null && outer) return pair(value, null, context)
      if (key === null) return runtime.drop(node, 'null-key', value, context)
      if (value === null) return runtime.drop(node, 'null-value', value, context)
      if (timestamp >= now) release(side, now, context)
      const from = Math.max(0, timestamp - ahead[other])
      const to = Math.max(0, timestamp + ahead[side])
      let matched = false
      for (const { start, value: found } of theirs.fetch(key, from, to)) {
        matched = true
        unmatched?.delete(other, key, start)
        pair(value, found, rekeyed(context, key, Math.max(timestamp, start)))
      }
      const alone = outer && !matched
      // Nothing could match it in time any more: it does not wait for the grace to be over.
      if (alone && to < now) pair(value, null, context)
      else if (alone && wait(value, context) === REFUSED) return
      const kept = put(value, context)
      if (kept === false && !matched && !alone) runtime.drop(node, 'expired', value, context, { time: now })
    }
  }
  return [entrance('left'), entrance('right')]
}

function unmatchedOf({ left, right, unmatched }: StreamJoinNode, { state }: StepRuntime) {
  if (unmatched === undefined) return undefined
  const values = { left: internalSerde(left.value), right: internalSerde(right.value) }
  return new UnmatchedBuffer(internalSerde(unmatched.key), values, state.bytes(unmatched.name))
}
