import { MillraceError } from '../errors.ts'

/** A place is a chunk's number and, in steps of four bytes, where in it: 32 bits reach over 16 GiB of keys. */
const STEP_BITS = 2
const AT_BITS = 14
const AT_MASK = (1 << AT_BITS) - 1
const CHUNK_BYTES = 1 << (AT_BITS + STEP_BITS)
/** Those of most stores have little to hold. */
const FIRST_CHUNK_BYTES = 1024
/** One less than there are numbers, so that no place is `NOWHERE`. */
const MOST_CHUNKS = (1 << (32 - AT_BITS)) - 1
/** Before a key lies its length: one byte, or this one and four. */
const LONG = 0xff

export const NOWHERE = -1

interface Chunk {
  readonly bytes: Buffer
  used: number
  /** Used, by keys that were removed. */
  garbage: number
}

/**
 * The bytes of keys, one behind the other in chunks of 64 KiB, a longer key in a chunk of its own. Who uses it moves
 * what is left in chunks that are more than half garbage, and drops them: see `sparse`.
 */
export class KeyArena {
  readonly #chunks: (Chunk | undefined)[] = []
  readonly #dropped: number[] = []
  readonly #sparse: number[] = []
  /** The chunk that is being filled. */
  #current = -1
  #nextBytes = FIRST_CHUNK_BYTES

  /** Holds a copy of `bytes[from, to)`. Returns its place. */
  add(bytes: Buffer, from: number, to: number): number {
    const length = to - from
    const room = roomOf(length)
    const number = room > CHUNK_BYTES ? this.#make(room) : this.#withRoom(room)
    const chunk = this.#chunks[number]!
    const at = chunk.used
    const start = at + headOf(length)
    writeLength(chunk.bytes, at, length)
    for (let i = 0; i < length; i++) chunk.bytes[start + i] = bytes[from + i]!
    chunk.used += room
    return (number << AT_BITS) | (at >>> STEP_BITS)
  }

  remove(place: number): void {
    const number = place >>> AT_BITS
    const chunk = this.#chunks[number]!
    const wasSparse = isSparse(chunk)
    chunk.garbage += roomOf(lengthAt(chunk.bytes, startOf(place)))
    if (number !== this.#current && !wasSparse && isSparse(chunk)) this.#sparse.push(number)
  }

  /** A chunk that is more than half garbage, each named once: to be emptied, and dropped. */
  sparse(): number | undefined {
    return this.#sparse.pop()
  }

  /** All that was put into a chunk, what was removed as well. */
  *places(number: number): Generator<number, void> {
    const { bytes, used } = this.#chunks[number]!
    for (let at = 0; at < used; at += roomOf(lengthAt(bytes, at))) {
      yield (number << AT_BITS) | (at >>> STEP_BITS)
    }
  }

  /** Holds a second copy of a key. */
  copy(place: number): number {
    const { bytes } = this.#chunks[place >>> AT_BITS]!
    const [from, to] = span(bytes, place)
    return this.add(bytes, from, to)
  }

  drop(number: number): void {
    this.#chunks[number] = undefined
    this.#dropped.push(number)
  }

  isAt(place: number, bytes: Buffer, from: number, to: number): boolean {
    const held = this.#chunks[place >>> AT_BITS]!.bytes
    const at = startOf(place)
    const length = to - from
    if (lengthAt(held, at) !== length) return false
    const start = at + headOf(length)
    for (let i = 0; i < length; i++) if (held[start + i] !== bytes[from + i]) return false
    return true
  }

  /** What a function makes of the bytes of a key. */
  read<R>(place: number, of: (bytes: Buffer, from: number, to: number) => R): R {
    const { bytes } = this.#chunks[place >>> AT_BITS]!
    const [from, to] = span(bytes, place)
    return of(bytes, from, to)
  }

  #withRoom(room: number): number {
    const chunk = this.#chunks[this.#current]
    if (chunk !== undefined && chunk.used + room <= chunk.bytes.length) return this.#current
    if (chunk !== undefined && isSparse(chunk)) this.#sparse.push(this.#current)
    this.#current = this.#make(Math.max(room, this.#nextBytes))
    this.#nextBytes = Math.min(CHUNK_BYTES, this.#nextBytes * 2)
    return this.#current
  }

  #make(length: number): number {
    const number = this.#dropped.pop() ?? this.#chunks.length
    if (number >= MOST_CHUNKS)
      throw new MillraceError(
        'CONFIG',
        'A store of one task holds more than 16 GiB of keys, which are kept in memory. Spread it over more partitions.',
      )
    this.#chunks[number] = { bytes: Buffer.allocUnsafeSlow(length), used: 0, garbage: 0 }
    return number
  }
}

function isSparse({ used, garbage }: Chunk): boolean {
  return garbage * 2 > used
}

function startOf(place: number): number {
  return (place & AT_MASK) << STEP_BITS
}

function span(bytes: Buffer, place: number): readonly [from: number, to: number] {
  const at = startOf(place)
  const length = lengthAt(bytes, at)
  const from = at + headOf(length)
  return [from, from + length]
}

function headOf(length: number): number {
  return length < LONG ? 1 : 5
}

/** With its length, up to where the next one may begin. */
function roomOf(length: number): number {
  return Math.ceil((headOf(length) + length) / (1 << STEP_BITS)) << STEP_BITS
}

function lengthAt(bytes: Buffer, at: number): number {
  const short = bytes[at]!
  return short < LONG ? short : bytes.readUInt32LE(at + 1)
}

function writeLength(bytes: Buffer, at: number, length: number): void {
  bytes[at] = Math.min(length, LONG)
  if (length >= LONG) bytes.writeUInt32LE(length, at + 1)
}
