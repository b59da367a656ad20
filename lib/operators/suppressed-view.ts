import { internalSerde } from '../contract/internal-serde.ts'
import { HeldUpdates } from '../state/held-update.ts'
import { KeyCodec } from '../state/key-codec.ts'
import type { TaskState } from '../state/task-state.ts'
import type { SuppressNode } from '../topology/table-nodes.ts'
import type { View } from './view.ts'

/**
 * A suppressed table shows what it has let through. While an update is held back that is the row before it, whose
 * timestamp is not known; else it is that of the table before. (KTableSuppressProcessorSupplier#view)
 */
export function suppressedView({ store }: SuppressNode, parent: View, state: TaskState): View {
  const bytes = state.bytes(store.name)
  const keys = new KeyCodec(internalSerde(store.key))
  const updates = new HeldUpdates(internalSerde(store.value))
  return {
    get: (key) => {
      const held = bytes.get(keys.encode(key))
      if (held === undefined) return parent.get(key)
      const value = updates.prior(held)
      return value === null ? undefined : { value, timestamp: -1 }
    },
  }
}
