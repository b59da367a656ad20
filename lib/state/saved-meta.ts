import { decodeHead } from './disk-head.ts'
import { HEAD_KEY } from './disk-layout.ts'
import { openExisting } from './disk-level.ts'

/**
 * What was saved last in `dir`, without reading the entries. Undefined where nothing can be had: there is none, it is
 * damaged, or open elsewhere.
 */
export async function savedMeta(dir: string): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const level = await openExisting(dir)
    try {
      const bytes = await level.get(HEAD_KEY)
      return bytes === undefined ? undefined : decodeHead(bytes)?.meta
    } finally {
      await level.close()
    }
  } catch {
    return undefined
  }
}
