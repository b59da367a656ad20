import { MillraceError } from '../errors.ts'
import type { Serde } from './serde.ts'

/**
 * What the right side of a foreign-key join is to do: keep the subscription or end it, and answer always, quietly if
 * there is no row, with null (whatever there is), or not at all. (SubscriptionWrapper.Instruction)
 */
export type Instruction =
  | 'keep, answer always'
  | 'keep, answer if found'
  | 'end, answer null'
  | 'end, no answer'

const INSTRUCTIONS: readonly Instruction[] = [
  'keep, answer always',
  'keep, answer if found',
  'end, answer null',
  'end, no answer',
]

/** What stands in both directions. */
interface Passed {
  /** Of the left row that it is about; null: there is none. */
  readonly hash: Buffer | null
  /** Where the left row is: the answer goes there whatever the topic's partitioner is. (KIP-775) */
  readonly partition: number
}

/** From left to right, under the foreign key. (SubscriptionWrapper) */
export interface Subscription extends Passed {
  readonly instruction: Instruction
  /** The left row's key. */
  readonly left: unknown
}

/** From right to left, under the left row's key. (SubscriptionResponseWrapper) */
export interface Response extends Passed {
  /** The right row; null: there is none. */
  readonly row: unknown
  /** There is none, and nothing is to be told, unless something is joined there that should not be. */
  readonly quiet: boolean
}

const HASH_BYTES = 16
const HEAD_BYTES = 5 + HASH_BYTES
const NO_HASH = Buffer.alloc(HASH_BYTES)
const NOTHING = Buffer.alloc(0)
const HASHED = 0x80
const FOUND = 1
const QUIET = 2

export function subscriptionSerde(left: Serde<unknown>): Serde<Subscription> {
  return {
    encode: (subscription) =>
      joined(INSTRUCTIONS.indexOf(subscription.instruction), subscription, left.encode(subscription.left)),
    decode(bytes) {
      const { flags, passed, rest } = parted(bytes)
      const instruction = INSTRUCTIONS[flags]
      if (instruction === undefined)
        throw new MillraceError('POISON', 'not a subscription: unknown instruction')
      return { ...passed, instruction, left: left.decode(rest) }
    },
  }
}

export function responseSerde(right: Serde<unknown>): Serde<Response> {
  return {
    encode: (response) =>
      response.row === null
        ? joined(response.quiet ? QUIET : 0, response)
        : joined(FOUND, response, right.encode(response.row)),
    decode(bytes) {
      const { flags, passed, rest } = parted(bytes)
      return { ...passed, row: flags === FOUND ? right.decode(rest) : null, quiet: flags === QUIET }
    },
  }
}

/** One byte of flags, the partition, the hash, and what is its own. */
function joined(flags: number, { hash, partition }: Passed, rest: Buffer = NOTHING): Buffer {
  const head = Buffer.alloc(5)
  head[0] = hash === null ? flags : flags | HASHED
  head.writeUInt32BE(partition, 1)
  return Buffer.concat([head, hash ?? NO_HASH, rest])
}

function parted(bytes: Buffer): { readonly flags: number; readonly passed: Passed; readonly rest: Buffer } {
  if (bytes.length < HEAD_BYTES) throw new MillraceError('POISON', 'not of a foreign-key join: too short')
  const hash = bytes[0]! & HASHED ? bytes.subarray(5, HEAD_BYTES) : null
  const passed = { hash, partition: bytes.readUInt32BE(1) }
  return { flags: bytes[0]! & ~HASHED, passed, rest: bytes.subarray(HEAD_BYTES) }
}
