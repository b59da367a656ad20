import type { Contract } from './avro.ts'
import { decodeBody, encodeValue } from './avro-bytes.ts'
import type { Serde } from './serde.ts'

/** What stores hold by a contract: Avro without a registry, since only this application reads it. */
export function internalSerde<T>(format: Contract<T> | Serde<T>): Serde<T> {
  if ('encode' in format) return format
  return {
    encode: (value) => encodeValue(format, 0, value),
    decode: (bytes) => decodeBody(format, 0, undefined, bytes),
  }
}
