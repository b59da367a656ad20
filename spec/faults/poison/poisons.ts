import { randomBytes } from 'node:crypto'
import avsc from 'avsc'
import { contract } from '../../../lib/index.ts'

export interface Thing {
  readonly name: string
  readonly n: number
  readonly tags: Readonly<Record<string, string>>
}

export const run = randomBytes(4).toString('hex')
export const schema = {
  type: 'record',
  name: `Poisoned${run}`,
  fields: [
    { name: 'name', type: 'string' },
    { name: 'n', type: 'long' },
    { name: 'tags', type: { type: 'map', values: 'string' } },
  ],
}
export const thing = contract<Thing>({ name: 'poisoned', version: 1, schema })
/** The stock library: what other programs write. */
export const stock = avsc.Type.forSchema(schema as avsc.Schema)

/** In every value: what no log line may hold. */
export const CANARY = 'c4nary'

/** At which the step throws, and at which it makes more of a record than any topic takes. */
export const THROWS = 1_000_000_001
export const GROWS = 1_000_000_002

/** A bad record, and what its dead letter has to say. */
export interface Poison {
  readonly what: string
  readonly key?: Buffer | null
  readonly value: Buffer | null
  readonly timestamp?: number
  readonly code: string
  readonly step: string
  readonly reason: RegExp
}

export function good(id: number, i: number): Buffer {
  return framed(id, stock.toBuffer({ name: `${CANARY}-good-${i}`, n: i, tags: { colour: CANARY } }))
}

export function framed(id: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeInt32BE(id, 1)
  return Buffer.concat([head, body])
}

/** Bodies are written by hand, or by the stock library, as a careless producer would. */
export function poisonsOf(id: number): Poison[] {
  const body = (n: number, tags: object = {}) => stock.toBuffer({ name: CANARY, n, tags })
  const name = Buffer.concat([Buffer.from([2 * CANARY.length]), Buffer.from(CANARY)])
  const beyond = avsc.Type.forSchema('long').toBuffer(2 ** 52)
  const at = { code: 'POISON', step: 'things' }
  return [
    ...[0, 1, 2, 3, 4].map((length) => ({
      what: `${length} bytes`,
      value: Buffer.alloc(length),
      reason: /^too short: \d bytes/,
      ...at,
    })),
    {
      what: 'wrong magic',
      value: Buffer.concat([Buffer.from([1]), framed(id, body(1)).subarray(1)]),
      reason: /wrong magic byte/,
      ...at,
    },
    { what: 'JSON', value: Buffer.from(`{"name":"${CANARY}"}`), reason: /wrong magic byte/, ...at },
    {
      what: 'unknown schema id',
      value: framed(2_000_000_000, body(1)),
      reason: /schema 2000000000 is not known/,
      ...at,
    },
    {
      what: 'truncated body',
      value: framed(id, body(1, { colour: CANARY }).subarray(0, -3)),
      reason: /truncated/,
      ...at,
    },
    { what: 'no body', value: framed(id, Buffer.alloc(0)), reason: /truncated/, ...at },
    {
      what: 'trailing bytes',
      value: framed(id, Buffer.concat([body(1), Buffer.from(CANARY)])),
      reason: /6 trailing bytes/,
      ...at,
    },
    // Four more bits than 2^52 has: the zigzag of a long near 2^56.
    {
      what: 'long beyond 2^53',
      value: framed(id, Buffer.concat([name, timesSixteen(beyond), Buffer.from([0])])),
      reason: /long/,
      ...at,
    },
    {
      what: '__proto__ key',
      value: framed(id, body(1, JSON.parse(`{"__proto__":"${CANARY}"}`))),
      reason: /a map key is __proto__/,
      ...at,
    },
    {
      what: 'a billion tags',
      value: framed(id, Buffer.concat([name, Buffer.from([2, 0x80, 0x94, 0xeb, 0xdc, 3])])),
      reason: /truncated: more items/,
      ...at,
    },
    { what: 'null value', value: null, reason: /no value \(tombstone\)/, ...at },
    {
      what: 'invalid UTF-8 key',
      key: Buffer.from([0xc3, 0x28]),
      value: framed(id, body(1)),
      reason: /not valid UTF-8/,
      ...at,
    },
    {
      what: 'future timestamp',
      value: framed(id, body(1)),
      timestamp: Date.now() + 600_000,
      reason: /timestamp more than 300000 ms ahead/,
      code: 'REJECTED',
      step: 'things',
    },
    {
      what: 'refused by validate',
      value: framed(id, body(-1)),
      reason: /^a negative count$/,
      code: 'REJECTED',
      step: 'counted',
    },
    {
      what: 'exception',
      value: framed(id, body(THROWS)),
      reason: /^TypeError: cleansing failed$/,
      code: 'STEP',
      step: 'cleanse',
    },
    {
      what: 'beyond any topic',
      value: framed(id, body(GROWS)),
      reason: /^too large for topic/,
      code: 'REJECTED',
      step: 'cleansed',
    },
    {
      what: 'too large for this topic',
      value: framed(id, stock.toBuffer({ name: CANARY.repeat(5_000), n: 1, tags: {} })),
      reason: /^A record of \d+ bytes is too large for topic/,
      code: 'WRITE',
      step: 'cleansed',
    },
  ]
}

/** A positive varint times sixteen, by moving its bits up. */
function timesSixteen(varint: Buffer): Buffer {
  let bits = 0n
  for (const [i, byte] of varint.entries()) bits |= BigInt(byte & 0x7f) << BigInt(7 * i)
  bits <<= 4n
  const bytes: number[] = []
  for (; bits > 0x7fn; bits >>= 7n) bytes.push(Number(bits & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(bits)])
}
