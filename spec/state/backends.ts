import { openDiskState } from '../../lib/state/disk-state.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import type { StateBackend } from '../../lib/state/ordered-bytes.ts'
import { stateFolders } from './state-folder.ts'

export interface Backing {
  readonly open: () => Promise<StateBackend>
  /** What was saved, in another process: in memory all is there that ever was. */
  readonly reopen: (backend: StateBackend) => Promise<StateBackend>
}

/** Where state can be kept; call it at the top of a spec file. */
export function backings(): Readonly<Record<string, Backing>> {
  const folder = stateFolders()
  const folders = new WeakMap<StateBackend, string>()
  const onDisk = async (dir: string) => {
    const backend = await openDiskState(dir)
    folders.set(backend, dir)
    return backend
  }
  return {
    'in memory': { open: async () => memoryState(), reopen: async (backend) => backend },
    'on disk': {
      open: () => onDisk(folder()),
      reopen: async (backend) => {
        await backend.close()
        return onDisk(folders.get(backend)!)
      },
    },
  }
}
