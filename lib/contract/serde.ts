import { MillraceError, messageOf } from '../errors.ts'
import type { SchemaRegistry } from '../ports.ts'
import type { Contract } from './avro.ts'
import { decodeBody, encodeValue } from './avro-bytes.ts'
import { schemaIdOf } from './wire.ts'
import { Writers } from './writers.ts'

/**
 * Turns a key or a value into bytes and back. `encode` and `decode` are synchronous so that the hot path never
 * waits; what has to be fetched first is fetched by `open` and `ready`. Null (a tombstone) never gets here.
 */
export interface Serde<T> {
  /**
   * The format's name, such as `JSON`. Keys of topics that are joined must be written alike: two formats that say
   * different things are refused there, and one that says nothing is believed.
   */
  readonly writes?: string
  /** Once, before the first `encode`. Rejects with `MISSING` or `UNREACHABLE`. */
  open?(): Promise<void>
  /**
   * Before these values are decoded. `undefined` when nothing has to be awaited. Rejects with `UNREACHABLE` only:
   * what is wrong with a single value is told by `decode`.
   */
  ready?(values: readonly (Buffer | null)[]): Promise<void> | undefined
  /** Throws `REJECTED`, naming field path and expected type, never the value. */
  encode(value: T): Buffer
  /**
   * Throws `POISON` for bytes that can't be decoded, and never will; `CONTRACT` where the bytes are sound and this
   * contract is too old or too narrow for their schema: stop, don't dead-letter a whole topic.
   */
  decode(bytes: Buffer): T
}

/** A contract under a subject of a registry: what the values (or keys) of a topic are. */
export interface BoundContract<T> extends Serde<T> {
  readonly contract: Contract<T>
  readonly subject: string
  open(): Promise<void>
  ready(values: readonly (Buffer | null)[]): Promise<void> | undefined
}

/** Decoding alone needs no `open`: a consumer may run before its own schema version is registered. */
export function bind<T>(contract: Contract<T>, subject: string, registry: SchemaRegistry): BoundContract<T> {
  const writers = new Writers(contract, registry)
  let id: number | undefined
  return {
    contract,
    subject,
    async open() {
      id = await registry.idOf(subject, contract.text)
      if (id === undefined) {
        throw new MillraceError(
          'MISSING',
          `contract ${contract.name} v${contract.version} is not registered under ${subject}: run millrace apply`,
        )
      }
    },
    ready: (values) => writers.ready(values),
    encode(value) {
      if (id === undefined) throw new MillraceError('INTERNAL', `encode before open for subject ${subject}`)
      return encodeValue(contract, id, value)
    },
    decode(bytes) {
      const schemaId = schemaIdOf(bytes)
      return decodeBody(contract, schemaId, writers.resolver(schemaId), bytes)
    },
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Keys that are text: UTF-8, nothing else. */
export const stringKey: Serde<string> = {
  writes: 'text',
  encode(value) {
    if (typeof value !== 'string')
      throw new MillraceError('REJECTED', `key: expected string, got ${typeof value}`)
    return Buffer.from(value)
  },
  decode: text,
}

/** Keys as they are. */
export const bytesKey: Serde<Buffer> = { writes: 'bytes', encode: (value) => value, decode: (bytes) => bytes }

/** Values as JSON text, without a contract: nothing checks their shape. */
export function json<T>(): Serde<T> {
  return {
    writes: 'JSON',
    encode(value) {
      const encoded: string | undefined = JSON.stringify(value)
      if (encoded === undefined) throw new MillraceError('REJECTED', `${typeof value} has no JSON form`)
      return Buffer.from(encoded)
    },
    decode(bytes) {
      const source = text(bytes)
      try {
        return JSON.parse(source)
      } catch {
        // V8's message quotes the text around the fault.
        throw new MillraceError('POISON', 'not valid JSON')
      }
    },
  }
}

function text(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw new MillraceError('POISON', `not valid UTF-8 (${messageOf(error)})`)
  }
}
