import { MillraceError } from '../errors.ts'
import type { Windowed } from '../windows/windowed.ts'
import { type Serde, stringKey } from './serde.ts'

const TIMES = 16

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
      bytes.writeBigInt64BE(BigInt(windowed.end), inner.length)
      bytes.writeBigInt64BE(BigInt(windowed.start), inner.length + 8)
      return bytes
    },
    decode(bytes) {
      const inner = bytes.length - TIMES
      if (inner < 0) throw new MillraceError('POISON', `not a windowed key: ${bytes.length} bytes`)
      return {
        key: key.decode(bytes.subarray(0, inner)),
        start: Number(bytes.readBigInt64BE(inner + 8)),
        end: Number(bytes.readBigInt64BE(inner)),
      }
    },
  }
}
