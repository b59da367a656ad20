import { createHash } from 'node:crypto'
import type { Broker } from '../broker/broker.ts'
import type { Headers, OutRecord, RawRecord } from '../record.ts'
import { type Entry, Ledger, ledgerRecord } from './ledger.ts'

const KIND = 'redriven'
/** Letters of one entry of the ledger: 1.7 KB of it, however they are spread. */
const CHUNK = 10_000

type Place = Pick<RawRecord, 'partition' | 'offset'>
type Noted = Pick<RawRecord, 'partition' | 'offset' | 'headers'>

interface Chunk {
  /** A bit for each letter, from the chunk's first on; base64. */
  readonly bits: string
  /** The last of them: a topic that was made anew has another one there, or none. */
  readonly last: { readonly offset: number; readonly hash: string }
}

interface OpenChunk {
  readonly bits: Buffer
  last: Chunk['last']
}

/** Which letters of a topic have been redriven: kept in the ledger, and written with what came of them. */
export class RedrivenLetters {
  readonly #topic: string
  /** By partition and number. */
  readonly #chunks: Map<string, OpenChunk>

  private constructor(topic: string, chunks: Map<string, OpenChunk>) {
    this.#topic = topic
    this.#chunks = chunks
  }

  /** Forgets what was noted of another topic of that name. */
  static async read(broker: Broker, topic: string): Promise<RedrivenLetters> {
    const chunks = new Map<string, OpenChunk>()
    const entries = await new Ledger(broker).list<Chunk>(KIND, topic)
    const held = entries.length === 0 ? [] : await broker.admin.topics([topic])
    for (const entry of held.length === 0 ? [] : entries) {
      const { bits, last } = entry.value
      if (await holds(broker, topic, entry))
        chunks.set(entry.name, { bits: Buffer.from(bits, 'base64'), last })
    }
    return new RedrivenLetters(topic, chunks)
  }

  has(letter: Place): boolean {
    const { chunk, byte, bit } = bitOf(letter)
    return ((this.#chunks.get(chunk)?.bits[byte] ?? 0) & bit) !== 0
  }

  /** Notes them, and returns what is to be written to the ledger in the same transaction. */
  note(letters: readonly Noted[]): OutRecord[] {
    const touched = new Map<string, OpenChunk>()
    for (const letter of letters) {
      const { chunk, byte, bit } = bitOf(letter)
      const { offset, headers } = letter
      const last = { offset, hash: hashOf(headers) }
      const open = this.#chunks.get(chunk) ?? { bits: Buffer.alloc(CHUNK / 8), last }
      open.bits[byte]! |= bit
      if (offset >= open.last.offset) open.last = last
      touched.set(chunk, open)
      this.#chunks.set(chunk, open)
    }
    return [...touched].map(([name, { bits, last }]) =>
      ledgerRecord<Chunk>(KIND, this.#topic, { bits: bits.toString('base64'), last }, name),
    )
  }
}

/** Whether the last of a chunk's letters is still what it was. */
async function holds(broker: Broker, topic: string, { name, value }: Entry<Chunk>): Promise<boolean> {
  const partition = Number(name.split('/')[0])
  const { offset, hash } = value.last
  const range = (await broker.admin.offsets(topic)).find((one) => one.partition === partition)
  if (range === undefined || offset < range.earliest || offset >= range.end) return false
  for await (const { records } of broker.read([{ topic, partition, from: offset, to: offset + 1 }]))
    if (records.some((record) => record.offset === offset && hashOf(record.headers) === hash)) return true
  return false
}

function hashOf(headers: Headers): string {
  const said = headers.map(([name, value]) => [name, value.toString('base64')])
  return createHash('sha256').update(JSON.stringify(said)).digest('hex').slice(0, 16)
}

function bitOf({ partition, offset }: Place) {
  const index = offset % CHUNK
  return { chunk: `${partition}/${Math.floor(offset / CHUNK)}`, byte: index >> 3, bit: 1 << (index & 7) }
}
