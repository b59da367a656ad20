import { type Serde, stringKey } from '../contract/serde.ts'

/** Keys of stores: strings of bytes (`latin1`), so that they compare as bytes do, whatever the machine's language. */
export class KeyCodec<K> {
  readonly #serde: Serde<K>
  readonly #isText: boolean

  constructor(serde: Serde<K>) {
    this.#serde = serde
    this.#isText = serde === (stringKey as Serde<unknown>)
  }

  encode(key: K): string {
    // The bytes of most texts are their characters: no need to write them.
    if (this.#isText && isAscii(key)) return key
    return this.#serde.encode(key).toString('latin1')
  }

  decode(bytes: string): K {
    return this.#serde.decode(Buffer.from(bytes, 'latin1'))
  }

  /** Ended, so that none is the beginning of another, and a time may follow. Keeps the order: a zero becomes 00 ff. */
  encodePrefix(key: K): string {
    const bytes = this.encode(key)
    return (bytes.includes('\0') ? bytes.replaceAll('\0', '\0\xff') : bytes) + END
  }

  /** Undoes `encodePrefix`: the key, and what followed it. */
  decodePrefix(bytes: string): { readonly key: K; readonly rest: string } {
    const end = bytes.indexOf(END)
    const key = bytes.slice(0, end)
    return {
      key: this.decode(key.includes('\0') ? key.replaceAll('\0\xff', '\0') : key),
      rest: bytes.slice(end + 2),
    }
  }
}

const END = '\0\0'

function isAscii(key: unknown): key is string {
  if (typeof key !== 'string') return false
  for (let at = 0; at < key.length; at++) if (key.charCodeAt(at) > 0x7f) return false
  return true
}
