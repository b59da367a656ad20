import type avsc from 'avsc'
import { MillraceError } from '../errors.ts'
import type { Contract } from './avro.ts'
import { Undecodable } from './exact-long.ts'
import { mismatch } from './mismatch.ts'
import { HEADER_BYTES, writeHeader } from './wire.ts'

/** How to read what one writer wrote; undefined where it wrote with the contract's own schema. */
export type Resolver = Parameters<avsc.Type['decode']>[2]

/** Every value is first written here, then copied once, at its exact size. */
let scratch = Buffer.allocUnsafeSlow(16 * 1024)

/** Throws `REJECTED`, naming the field. */
export function encodeValue<T>(contract: Contract<T>, schemaId: number, value: T): Buffer {
  const end = write(contract, value)
  writeHeader(scratch, schemaId)
  return Buffer.from(scratch.subarray(0, end))
}

function write<T>(contract: Contract<T>, value: T): number {
  try {
    const end = contract.type.encode(value, scratch, HEADER_BYTES)
    if (end >= 0) return end
    // A negative end is the number of bytes that were missing.
    scratch = Buffer.allocUnsafeSlow(2 * (scratch.length - end))
    return contract.type.encode(value, scratch, HEADER_BYTES)
  } catch {
    // avsc's error quotes the value: it is neither shown nor kept as a cause.
    const where = mismatch(contract.type, value) ?? 'a value that Avro can not hold'
    throw new MillraceError('REJECTED', `${contract.type.name}: ${where}`)
  }
}

/** Throws `POISON`. */
export function decodeBody<T>(contract: Contract<T>, schemaId: number, resolver: Resolver, bytes: Buffer): T {
  const { value, offset } = read(contract, schemaId, resolver, bytes)
  if (offset === bytes.length) return value
  throw undecodable(contract, schemaId, offset < 0 ? 'truncated' : `${bytes.length - offset} trailing bytes`)
}

function read<T>(contract: Contract<T>, schemaId: number, resolver: Resolver, bytes: Buffer) {
  try {
    return contract.type.decode(bytes, HEADER_BYTES, resolver)
  } catch (error) {
    throw undecodable(contract, schemaId, reasonOf(error))
  }
}

function undecodable<T>(contract: Contract<T>, schemaId: number, reason: string): MillraceError {
  return new MillraceError(
    'POISON',
    `can't be decoded as ${contract.type.name} from schema ${schemaId}: ${reason}`,
    {
      schemaId,
    },
  )
}

/** avsc's texts may quote what it read; only those known not to are told apart. */
function reasonOf(error: unknown): string {
  if (error instanceof Undecodable) return error.message
  const message = error instanceof Error ? error.message : ''
  if (message.startsWith('invalid union index')) return 'a union branch that does not exist'
  return 'malformed'
}
