import { createHash } from 'node:crypto'

/** A uuid of its own for each name, the same in every run. */
export function uuidOf(name: string): string {
  const hex = createHash('md5').update(name).digest('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`]
  return [...parts, hex.slice(20)].join('-')
}
