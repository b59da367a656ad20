import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What the files of a folder take; 0 where there is none. Files that go meanwhile do not count. */
export async function folderSize(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
