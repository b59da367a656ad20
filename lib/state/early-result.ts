import { internalSerde } from '../contract/internal-serde.ts'
import type { Serde } from '../contract/serde.ts'
import type { Format } from '../topology/topic.ts'

/** What was shown of a window before it closed. */
export interface EarlyResult {
  /** How often it has been shown: 1, and one more with each correction. */
  readonly revision: number
  /** Whether a record has changed the window since. */
  readonly changed: boolean
  /** Of the result as it was shown last: a correction is of a later one. Milliseconds. */
  readonly timestamp: number
  /** As it was shown last; null: taken back. */
  readonly value: unknown
}

const HEAD = 13

/** How they are kept; values as the aggregation keeps them. */
export function earlyResults(value: Format<unknown>): Serde<EarlyResult> {
  const serde = internalSerde(value)
  return {
    encode({ revision, changed, timestamp, value }) {
      const head = Buffer.allocUnsafe(HEAD)
      head.writeUInt32BE(revision)
      head.writeDoubleBE(timestamp, 4)
      head[12] = (changed ? 1 : 0) + (value === null ? 2 : 0)
      return value === null ? head : Buffer.concat([head, serde.encode(value)])
    },
    decode(bytes) {
      const flags = bytes[12]!
      return {
        revision: bytes.readUInt32BE(),
        timestamp: bytes.readDoubleBE(4),
        changed: (flags & 1) !== 0,
        value: (flags & 2) !== 0 ? null : serde.decode(bytes.subarray(HEAD)),
      }
    },
  }
}
