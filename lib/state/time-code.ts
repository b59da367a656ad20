/** A time as eight bytes that sort as it does. Times are never negative here. */
export function timeCode(time: number): string {
  const high = Math.floor(time / 2 ** 32)
  return word(high) + word(time >>> 0)
}

export const TIME_BYTES = 8

export function readTime(code: string, at: number): number {
  return readWord(code, at) * 2 ** 32 + readWord(code, at + 4)
}

/** Four bytes, as an unsigned number. */
export function word(n: number): string {
  return String.fromCharCode((n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255)
}

export function readWord(code: string, at: number): number {
  const high = (code.charCodeAt(at) << 8) | code.charCodeAt(at + 1)
  return high * 65536 + ((code.charCodeAt(at + 2) << 8) | code.charCodeAt(at + 3))
}
