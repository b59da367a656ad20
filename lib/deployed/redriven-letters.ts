import type { OutRecord, Position } from '../record.ts'
import type { Ledger } from './ledger.ts'
import { ledgerRecord } from './ledger.ts'

const KIND = 'redriven'
/** Letters of one entry of the ledger: 1.7 KB of it, however they are spread. */
const CHUNK = 10_000

/** Where a letter lies in its topic. */
type Place = Pick<Position, 'partition' | 'offset'>

interface Chunk {
  /** A bit for each letter, from the chunk's first on; base64. */
  readonly bits: string
}

/** Which letters of a topic have been redriven: kept in the ledger, and written with what came of them. */
export class RedrivenLetters {
  readonly #topic: string
  readonly #chunks: Map<string, Buffer>

  private constructor(topic: string, chunks: Map<string, Buffer>) {
    this.#topic = topic
    this.#chunks = chunks
  }

  static async read(ledger: Ledger, topic: string): Promise<RedrivenLetters> {
    const entries = await ledger.list<Chunk>(KIND, topic)
    const chunks = entries.map(({ name, value }) => [name, Buffer.from(value.bits, 'base64')] as const)
    return new RedrivenLetters(topic, new Map(chunks))
  }

  has(letter: Place): boolean {
    const { chunk, byte, bit } = bitOf(letter)
    return ((this.#chunks.get(chunk)?.[byte] ?? 0) & bit) !== 0
  }

  /** Notes them, and returns what is to be written to the ledger in the same transaction. */
  note(letters: readonly Place[]): OutRecord[] {
    const touched = new Map<string, Buffer>()
    for (const letter of letters) {
      const { chunk, byte, bit } = bitOf(letter)
      const bits = touched.get(chunk) ?? this.#chunks.get(chunk) ?? Buffer.alloc(CHUNK / 8)
      bits[byte]! |= bit
      touched.set(chunk, bits)
      this.#chunks.set(chunk, bits)
    }
    return [...touched].map(([name, bits]) =>
      ledgerRecord<Chunk>(KIND, this.#topic, { bits: bits.toString('base64') }, name),
    )
  }
}

function bitOf({ partition, offset }: Place) {
  const index = offset % CHUNK
  return { chunk: `${partition}/${Math.floor(offset / CHUNK)}`, byte: index >> 3, bit: 1 << (index & 7) }
}
