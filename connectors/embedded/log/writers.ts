import { MillraceError } from '../../../lib/errors.ts'
import { writerIn, writerKey, writerRange } from './keys.ts'
import type { Store, StoreOperation } from './store.ts'

/** Who commits a transaction, and which of its own it is: 1 is the first. */
export interface Turn {
  readonly id: string
  readonly epoch: number
  readonly sequence: number
}

interface Writer {
  readonly epoch: number
  /** Of its last transaction. */
  readonly sequence: number
}

/**
 * The writer of every transactional id, as it will be when all that is on its way is written. Its entry is written
 * with each of its transactions, in the same atomic batch: a commit that is asked for twice is done once.
 */
export class Writers {
  readonly #byId: Map<string, Writer>

  private constructor(byId: Map<string, Writer>) {
    this.#byId = byId
  }

  static async load(store: Store): Promise<Writers> {
    const entries = await store.iterator(writerRange()).all()
    return new Writers(new Map(entries.map(([key, value]) => [writerIn(key), decode(value)])))
  }

  /** The epoch of a new writer; commits of all before it are refused from now on. */
  open(id: string): { epoch: number; operation: StoreOperation } {
    const epoch = (this.#byId.get(id)?.epoch ?? 0) + 1
    return { epoch, operation: this.#put(id, { epoch, sequence: 0 }) }
  }

  /** What to write with this transaction; undefined if it is written already. Throws `FENCED` for an older writer. */
  commit({ id, epoch, sequence }: Turn): StoreOperation | undefined {
    const writer = this.#byId.get(id)
    if (writer?.epoch !== epoch) {
      throw new MillraceError(
        'FENCED',
        `Another producer has the transactional id ${id}; what this one sent is not written`,
      )
    }
    if (sequence === writer.sequence) return undefined
    if (sequence === writer.sequence + 1) return this.#put(id, { epoch, sequence })
    throw new MillraceError('INTERNAL', `Transaction ${sequence} of ${id} came after ${writer.sequence}`)
  }

  #put(id: string, writer: Writer): StoreOperation {
    this.#byId.set(id, writer)
    return { type: 'put', key: writerKey(id), value: encode(writer) }
  }
}

/** Two doubles: exact up to 2^53. */
function encode({ epoch, sequence }: Writer): Buffer {
  const bytes = Buffer.allocUnsafe(16)
  bytes.writeDoubleBE(epoch, 0)
  bytes.writeDoubleBE(sequence, 8)
  return bytes
}

function decode(bytes: Buffer): Writer {
  return { epoch: bytes.readDoubleBE(0), sequence: bytes.readDoubleBE(8) }
}
