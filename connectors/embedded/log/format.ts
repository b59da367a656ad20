import { MillraceError } from '../../../lib/errors.ts'
import { FORMAT_KEY } from './keys.ts'
import type { Store } from './store.ts'

const NAME = 'millrace embedded log'
/** Raised by every change after which an older millrace would read wrongly. */
export const FORMAT = 1

/** Marks a new store; refuses one that is another program's, or of a later millrace. */
export async function requireFormat(store: Store, dir: string): Promise<void> {
  const found = await store.get(FORMAT_KEY)
  if (found === undefined) return mark(store, dir)
  const [, version] = found.toString('utf8').match(/^millrace embedded log (\d+)$/) ?? []
  if (version === undefined) throw foreign(dir)
  if (Number(version) > FORMAT) {
    throw new MillraceError(
      'CONFIG',
      `The embedded log in ${dir} has format ${version}; this millrace reads up to ${FORMAT}. Use the later millrace that wrote it.`,
    )
  }
}

/** A kill -9 between making a store and marking it leaves an empty one. */
async function mark(store: Store, dir: string): Promise<void> {
  const [first] = await store.keys({ limit: 1 }).all()
  if (first !== undefined) throw foreign(dir)
  await store.put(FORMAT_KEY, Buffer.from(`${NAME} ${FORMAT}`), { sync: true })
}

function foreign(dir: string): MillraceError {
  return new MillraceError(
    'CONFIG',
    `The LevelDB store in ${dir} is not an embedded log of millrace. Give another folder.`,
  )
}
