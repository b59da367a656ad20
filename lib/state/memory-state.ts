import { MemoryBytes } from './memory-bytes.ts'
import type { StateBackend } from './ordered-bytes.ts'

/** The state of a task that keeps nothing beyond its process: for tests, and for tasks that restore all of it. */
export function memoryState(): StateBackend {
  const stores = new Map<string, MemoryBytes>()
  let saved: Readonly<Record<string, string>> = {}
  const bytes = (name: string) => {
    const store = stores.get(name) ?? new MemoryBytes()
    stores.set(name, store)
    return store
  }
  return {
    bytes,
    loader: (name) => bytes(name).loader,
    save: async (meta) => {
      saved = { ...meta }
    },
    get meta() {
      return saved
    },
    close: async () => {},
  }
}
