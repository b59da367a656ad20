import { MillraceError } from '../errors.ts'
import type { Windowed } from '../windows/windowed.ts'
import { type Serde, stringKey } from './serde.ts'

const TIMES = 16
const HALF = 2 ** 32

/**
 * Windowed keys as Kafka Streams writes those of sessions: the key, then end and start, eight bytes each
 * (SessionWindowedSerializer). Kafka's time-windowed keys have the start alone; ours say both.
 */
export function windowedKey<K = string>(
  key: Serde<K> = stringKey as unknown as Serde<K>,
): Serde<Windowed<K>> {
  return {
    encode(windowed) {
      const inner = key.encode(windowed.key)
      const bytes = Buffer.allocUnsafe(inner.length + TIMES)
      inner.copy(bytes)
      writeTime(bytes, windowed.end, inner.length)
      writeTime(bytes, windowed.start, inner.length + 8)
      return bytes
    },
    decode(bytes) {
      const inner = bytes.length - TIMES
      if (inner < 0) throw new MillraceError('POISON', `not a windowed key: ${bytes.length} bytes`)
      return {
        key: key.decode(bytes.subarray(0, inner)),
        start: readTime(bytes, inner + 8),
        end: readTime(bytes, inner),
      }
    },
  }
}

/** A safe integer as an int64: in halves, as bigints cost an allocation each. */
function writeTime(bytes: Buffer, time: number, at: number): void {
  bytes.writeInt32BE(Math.floor(time / HALF), at)
  bytes.writeUInt32BE(time >>> 0, at + 4)
}

function readTime(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * HALF + bytes.readUInt32BE(at + 4)
}
