import { internalSerde } from '../../contract/internal-serde.ts'
import { MillraceError } from '../../errors.ts'
import type { Format } from '../../topology/topic.ts'

/**
 * Reads a key as a URL has it: text keys as they are, bytes in base64, all others in JSON.
 *
 * @throws MillraceError `CONFIG` for what is no key of this format.
 */
export function keyOf(format: Format<unknown>, text: string): unknown {
  const writes = 'encode' in format ? format.writes : 'Avro'
  if (writes === 'text') return text
  if (writes === 'bytes') return Buffer.from(text, 'base64')
  const parsed = parse(text)
  // A format of the user's own may be of texts without saying so.
  const read = [parsed, text].filter((key) => key !== undefined).find((key) => isKey(format, key))
  if (read !== undefined && (writes === undefined || read === parsed)) return read
  const cure = writes === undefined ? 'write it as JSON' : `write it as JSON (${writes}), texts in quotes`
  throw new MillraceError('CONFIG', `the key is none that this store may have: ${cure}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isKey(format: Format<unknown>, key: unknown): boolean {
  try {
    internalSerde(format).encode(key)
    return true
  } catch {
    return false
  }
}
