import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { cacheDirectory } from '../../services/cache-directory.ts'

/**
 * Keeps what Node has compiled for the next start, which then takes half the time; told by what is in the files, so that
 * a changed one is compiled anew. In the user's own folder: Node's default is one that all users can write to. A folder
 * that can't be written to is no matter. `NODE_DISABLE_COMPILE_CACHE` turns it off.
 */
export function keepCompiled(): void {
  // For threads and children as well.
  process.env.NODE_COMPILE_CACHE ||= join(cacheDirectory(), 'compiled')
  enableCompileCache(process.env.NODE_COMPILE_CACHE)
}
