const MOST_BYTES = 4096

const memory = Buffer.allocUnsafeSlow(MOST_BYTES)

/** The bytes of a key: the first `key.length` of what is returned, which is good until the next call. */
export function latin1Bytes(key: string): Buffer {
  if (key.length > MOST_BYTES) return Buffer.from(key, 'latin1')
  // Keys are short: a call of `write` costs more.
  for (let i = 0; i < key.length; i++) memory[i] = key.charCodeAt(i)
  return memory
}
