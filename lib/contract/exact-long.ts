/** avsc's cursor over a buffer; reading past the end gives zeros, writing past it is dropped, and `pos` goes on. */
export interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  writeLong(n: number): void
  readString(): string
  skipString(): void
}

/** Why bytes can't be decoded; the text is safe to show. */
export class Undecodable extends Error {}

/**
 * Below this avsc's arithmetic is exact. Beyond 2^52 it is not for negative numbers: their zigzag form is odd and above
 * 2^53, so -(2^52) - 1 was written and read as 2^52.
 */
const EXACT = 2 ** 51
const MOST_BYTES = 10

/** Throws `Undecodable` beyond ±(2^53 - 1). */
export function readExactLong(tap: Tap): number {
  const start = tap.pos
  const quick = tap.readLong()
  if (quick > -EXACT && quick < EXACT) return quick
  const zigzag = readVarint(tap, start)
  const long = (zigzag & 1n) === 0n ? zigzag >> 1n : -(zigzag >> 1n) - 1n
  const value = Number(long)
  if (!Number.isSafeInteger(value)) throw new Undecodable('a long beyond 2^53')
  return value
}

function readVarint(tap: Tap, start: number): bigint {
  if (tap.pos - start > MOST_BYTES) throw new Undecodable('a long of more than ten bytes')
  let zigzag = 0n
  for (let i = tap.pos - 1; i >= start; i--) zigzag = (zigzag << 7n) | BigInt((tap.buf[i] ?? 0) & 0x7f)
  return zigzag
}

export function writeExactLong(tap: Tap, value: number): void {
  if (value > -EXACT && value < EXACT) {
    tap.writeLong(value)
    return
  }
  const long = BigInt(value)
  let zigzag = long >= 0n ? long << 1n : (-long << 1n) - 1n
  for (; zigzag >= 0x80n; zigzag >>= 7n) tap.buf[tap.pos++] = Number(zigzag & 0x7fn) | 0x80
  tap.buf[tap.pos++] = Number(zigzag)
}
