import { mkdir } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { isLocked } from '../../lib/level-error.ts'
import { storeError } from './log/store-error.ts'

/**
 * Makes this process the only one to hold a folder, by the lock that LevelDB takes from the operating system: a kill
 * -9 gives it up. Resolves with how to release it, or with undefined when it is held already.
 */
export async function lockFolder(dir: string): Promise<(() => Promise<void>) | undefined> {
  await mkdir(dir, { recursive: true })
  const store = new ClassicLevel(dir)
  try {
    await store.open()
    return () => store.close()
  } catch (error) {
    if (isLocked(error)) return undefined
    throw storeError(error, 'locking it', dir)
  }
}
