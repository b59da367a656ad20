import { rekeyed } from '../record.ts'
import type { StreamJoinNode } from '../topology/join-nodes.ts'
import { joinPair } from './join-pair.ts'
import { guarded, type Push, type StepRuntime } from './step.ts'

/** A stream with itself, and one store for both sides: one entrance is enough. (KStreamKStreamSelfJoin, KIP-862) */
export function selfJoinStep(node: StreamJoinNode, next: Push, runtime: StepRuntime): Push[] {
  const { before, after } = node.windows
  const emit = joinPair(node, next, runtime)
  const time = runtime.state.time(`${node.name}/0`)
  const store = runtime.state.store(node.left)
  const put = guarded(node, (value, { key, timestamp }) => store.put(key, value, timestamp), runtime)
  return [
    (value, context) => {
      const { key, timestamp } = context
      if (key === null) return runtime.drop(node, 'null-key', value, context)
      if (value === null) return runtime.drop(node, 'null-value', value, context)
      // With two stores a record finds itself in the other one, also at the very edge of retention.
      const now = time.observe(timestamp)
      let itself = timestamp > now - node.left.retention + 1
      let joined = false
      const joinItself = () => {
        itself = false
        joined = true
        emit(value, value, context)
      }
      const at = (start: number) => rekeyed(context, key, Math.max(timestamp, start))
      const around = (back: number, ahead: number) =>
        store.fetch(key, Math.max(0, timestamp - back), Math.max(0, timestamp + ahead))
      for (const { start, value: right } of around(before, after)) {
        joined = true
        emit(value, right, at(start))
      }
      for (const { start, value: left } of around(after, before)) {
        if (itself && start > timestamp) joinItself()
        joined = true
        emit(left, value, at(start))
      }
      if (itself) joinItself()
      if (put(value, context) === false && !joined)
        runtime.drop(node, 'expired', value, context, { time: now })
    },
  ]
}
