/**
 * MurmurHash3 (x86, 32 bits) of `bytes[from, to)`: every bit of a key moves half of the hash's, so that counted numbers,
 * long common prefixes and times in big-endian spread alike.
 */
export function keyHash(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0
  let at = from
  for (const last = to - 4; at <= last; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash ^= mixed(word)
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
  }
  let rest = 0
  for (let shift = 0; at < to; at++, shift += 8) rest |= bytes[at]! << shift
  hash ^= mixed(rest) ^ (to - from)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function mixed(word: number): number {
  const scattered = Math.imul(word, 0xcc9e2d51)
  return Math.imul((scattered << 15) | (scattered >>> 17), 0x1b873593)
}
