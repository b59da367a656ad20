import { MillraceError } from '../errors.ts'
import type { Serde } from './serde.ts'

interface Change<V> {
  readonly old: V | null
  readonly new: V | null
  readonly latest: boolean
}

/** A regrouped table's change in a repartition topic: one byte of flags, and what is there, each with its length. (ChangedSerializer) */
export function changeSerde<V>(value: Serde<V>): Serde<Change<V>> {
  return {
    encode({ old, new: now, latest }) {
      const parts = [old, now].map((side) => (side === null ? undefined : value.encode(side)))
      const head = Buffer.alloc(5)
      head[0] = (parts[0] ? 1 : 0) | (parts[1] ? 2 : 0) | (latest ? 4 : 0)
      head.writeUInt32BE(parts[0]?.length ?? 0, 1)
      return Buffer.concat([head, parts[0] ?? head.subarray(0, 0), parts[1] ?? head.subarray(0, 0)])
    },
    decode(bytes) {
      if (bytes.length < 5) throw new MillraceError('POISON', 'not a change of a table: too short')
      const flags = bytes[0]!
      const middle = 5 + bytes.readUInt32BE(1)
      return {
        old: flags & 1 ? value.decode(bytes.subarray(5, middle)) : null,
        new: flags & 2 ? value.decode(bytes.subarray(middle)) : null,
        latest: (flags & 4) !== 0,
      }
    },
  }
}
