import type { Serde } from '../contract/serde.ts'
import { KeyCodec } from './key-codec.ts'
import type { OrderedBytes } from './ordered-bytes.ts'

/** Which left row wants the right one. */
export interface Subscriber {
  readonly left: unknown
  readonly hash: Buffer | null
  readonly partition: number
}

const PARTITION_BYTES = 4

/** Who wants which right row: by foreign key, then by left key. (The subscription store of KIP-213, CombinedKeySchema) */
export class Subscriptions {
  readonly #bytes: OrderedBytes
  readonly #foreign: KeyCodec<unknown>
  readonly #left: KeyCodec<unknown>

  constructor(foreign: Serde<unknown>, left: Serde<unknown>, bytes: OrderedBytes) {
    this.#bytes = bytes
    this.#foreign = new KeyCodec(foreign)
    this.#left = new KeyCodec(left)
  }

  put(foreign: unknown, { left, hash, partition }: Subscriber): void {
    const bytes = Buffer.allocUnsafe(PARTITION_BYTES + (hash?.length ?? 0))
    bytes.writeUInt32BE(partition)
    hash?.copy(bytes, PARTITION_BYTES)
    this.#bytes.set(this.#code(foreign, left), bytes)
  }

  delete(foreign: unknown, left: unknown): void {
    this.#bytes.delete(this.#code(foreign, left))
  }

  /** Ascending by the bytes of the left key. */
  *of(foreign: unknown): Generator<Subscriber, void> {
    const prefix = this.#foreign.encodePrefix(foreign)
    for (const [code, bytes] of this.#bytes.entries(prefix, behind(prefix))) {
      yield {
        left: this.#left.decode(code.slice(prefix.length)),
        hash: bytes.length === PARTITION_BYTES ? null : bytes.subarray(PARTITION_BYTES),
        partition: bytes.readUInt32BE(),
      }
    }
  }

  #code(foreign: unknown, left: unknown): string {
    return this.#foreign.encodePrefix(foreign) + this.#left.encode(left)
  }
}

/** The byte string right behind all that begin with this one, which ends in a zero. */
function behind(prefix: string): string {
  return `${prefix.slice(0, -1)}\x01`
}
