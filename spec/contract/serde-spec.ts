import avsc from 'avsc'
import { expect } from 'chai'
import { contract } from '../../lib/contract/avro.ts'
import { bind, bytesKey, json, stringKey } from '../../lib/contract/serde.ts'
import { MillraceError } from '../../lib/errors.ts'
import { failureOf, rejectionOf } from './failure-of.ts'
import { MemoryRegistry } from './memory-registry.ts'

interface Reading {
  readonly sensor: string
  readonly at: number
  readonly note: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly level: 'low' | 'high'
}

const fields = [
  { name: 'sensor', type: 'string' },
  { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  { name: 'note', type: ['null', 'string'], default: null },
  { name: 'tags', type: { type: 'map', values: 'string' }, default: {} },
  { name: 'level', type: { type: 'enum', name: 'Level', symbols: ['low', 'high'] }, default: 'low' },
]
const schemaOf = (...parts: object[]) => ({ type: 'record', name: 'Reading', fields: parts })
const readings = contract<Reading>({ name: 'reading', version: 1, schema: schemaOf(...fields) })
const reading: Reading = { sensor: 'a', at: 1, note: null, tags: { room: 'x' }, level: 'high' }

async function opened(registry = new MemoryRegistry()) {
  await registry.register('readings-value', readings.text)
  const bound = bind(readings, 'readings-value', registry)
  await bound.open()
  return { bound, registry }
}

/** What another writer sends: its own schema, registered, and a body of its own making. */
async function written(registry: MemoryRegistry, schema: object, body: Buffer): Promise<Buffer> {
  const id = await registry.register('elsewhere', JSON.stringify(schema))
  return Buffer.concat([Buffer.from([0, 0, 0, 0, id]), body])
}
const avro = (schema: object, value: unknown) => avsc.Type.forSchema(schema as avsc.Schema).toBuffer(value)

describe('bind', () => {
  it('should refuse to open under a subject where the contract is not registered, and name the cure', async () => {
    const error = await rejectionOf(bind(readings, 'readings-value', new MemoryRegistry()).open())
    expect(error).to.include({ code: 'MISSING' })
    expect(error.message).to.contain('reading v1').and.contain('readings-value').and.contain('millrace apply')
  })

  it('should decode what it encodes, with one wait for the writer', async () => {
    const { bound } = await opened()
    const bytes = bound.encode(reading)
    expect([...bytes.subarray(0, 5)]).to.deep.equal([0, 0, 0, 0, 1])
    await bound.ready([null, bytes, bytes])
    expect(bound.ready([bytes, null])).to.equal(undefined)
    expect(bound.decode(bytes)).to.deep.equal(reading)
  })

  it('should decode without being registered itself', async () => {
    const { bound, registry } = await opened()
    const bytes = bound.encode(reading)
    const reader = bind(readings, 'another-value', registry)
    await reader.ready([bytes])
    expect(reader.decode(bytes)).to.deep.equal(reading)
  })

  it('should grow its buffer for large values', async () => {
    const { bound } = await opened()
    const large = { ...reading, sensor: 'é'.repeat(100_000) }
    const bytes = bound.encode(large)
    await bound.ready([bytes])
    expect(bound.decode(bytes)).to.deep.equal(large)
  })

  it('should ask for an unknown id once, and call it poison', async () => {
    const { bound, registry } = await opened()
    const bytes = Buffer.from([0, 0, 0, 0, 99, 1])
    await bound.ready([bytes, bytes])
    expect(failureOf(() => bound.decode(bytes)).at).to.include({ schemaId: 99 })
    expect(failureOf(() => bound.decode(bytes))).to.include({ code: 'POISON' })
    expect(bound.ready([bytes])).to.equal(undefined)
    expect(registry.asked).to.deep.equal([99])
  })

  it('should not take an unreachable registry for poison', async () => {
    const { bound, registry } = await opened()
    const bytes = bound.encode(reading)
    registry.failure = new MillraceError('UNREACHABLE', 'down')
    expect(await rejectionOf(bound.ready([bytes])!)).to.include({ code: 'UNREACHABLE', retriable: true })
    registry.failure = undefined
    await bound.ready([bytes])
    expect(bound.decode(bytes)).to.deep.equal(reading)
  })

  it('should need nothing for values too short to have a writer', async () => {
    const { bound } = await opened()
    expect(bound.ready([Buffer.alloc(0), Buffer.from('{"a":1}'), null])).to.equal(undefined)
  })

  it('should read an older and a newer version of its record', async () => {
    const { bound, registry } = await opened()
    const older = schemaOf({ name: 'sensor', type: 'string' }, { name: 'at', type: 'int' })
    const newer = schemaOf({ name: 'added', type: ['null', 'int', 'long', 'string'] }, ...fields.slice(0, 3))
    const old = await written(registry, older, avro(older, { sensor: 's', at: 7 }))
    const fresh = await written(
      registry,
      newer,
      avro(newer, { added: { int: 5 }, sensor: 's', at: 7, note: null }),
    )
    await bound.ready([old, fresh])
    const expected = { sensor: 's', at: 7, note: null, tags: {}, level: 'low' }
    expect(bound.decode(old)).to.deep.equal(expected)
    expect(bound.decode(fresh)).to.deep.equal(expected)
  })

  it('should stop, not dead-letter, where the writer lacks a field that this contract requires', async () => {
    const { bound, registry } = await opened()
    const narrower = schemaOf({ name: 'sensor', type: 'string' })
    const bytes = await written(registry, narrower, avro(narrower, { sensor: 's' }))
    await bound.ready([bytes])
    const error = failureOf(() => bound.decode(bytes))
    expect(error).to.include({ code: 'CONTRACT' })
    expect(error.message).to.contain('reading v1').and.contain('at').and.contain('upgrade')
  })

  it('should call another record poison', async () => {
    const { bound, registry } = await opened()
    const other = { type: 'record', name: 'Other', fields: [{ name: 'sensor', type: 'string' }] }
    const bytes = await written(registry, other, avro(other, { sensor: 's' }))
    await bound.ready([bytes])
    expect(failureOf(() => bound.decode(bytes)).message).to.contain('is of Other, not Reading')
    expect(failureOf(() => bound.decode(bytes))).to.include({ code: 'POISON' })
  })

  it('should say which call is missing when bytes come unannounced', async () => {
    const { bound } = await opened()
    expect(failureOf(() => bound.decode(bound.encode(reading)))).to.include({ code: 'INTERNAL' })
    expect(failureOf(() => bind(readings, 's', new MemoryRegistry()).encode(reading))).to.include({
      code: 'INTERNAL',
    })
  })
})

describe('poison', () => {
  const varint = (n: bigint): number[] => {
    const zigzag = n >= 0n ? n << 1n : (-n << 1n) - 1n
    const bytes: number[] = []
    for (let rest = zigzag; ; rest >>= 7n) {
      if (rest < 0x80n) return [...bytes, Number(rest)]
      bytes.push(Number(rest & 0x7fn) | 0x80)
    }
  }
  const text = (s: string) => [...varint(BigInt(s.length)), ...Buffer.from(s)]
  const head = [0, 0, 0, 0, 1]
  const start = [...head, ...text('canary'), ...varint(1n), 0]
  const cases: Record<string, { bytes: number[]; reason: string }> = {
    'a truncated body': { bytes: [...head, ...text('canary')], reason: 'truncated' },
    'no body': { bytes: head, reason: 'truncated' },
    'trailing bytes': { bytes: [...start, 0, 0, 1, 2], reason: '2 trailing bytes' },
    'a long beyond 2^53': {
      bytes: [...head, ...text('canary'), ...varint(2n ** 53n + 2n), 0, 0, 0],
      reason: 'beyond 2^53',
    },
    'an unknown union branch': { bytes: [...head, ...text('canary'), 2, 14, 0, 0], reason: 'branch' },
    'an unknown enum symbol': { bytes: [...start, 0, 14], reason: 'malformed' },
    'a map key __proto__': {
      bytes: [...start, 2, ...text('__proto__'), ...text('x'), 0, 0],
      reason: '__proto__',
    },
    'a map of four billion entries': {
      bytes: [...start, ...varint(4_000_000_000n), 2, 97],
      reason: 'truncated',
    },
    'a string of negative length': { bytes: [...head, ...varint(-9n), 0, 0, 0, 0], reason: 'truncated' },
  }
  for (const [name, { bytes, reason }] of Object.entries(cases)) {
    it(`should be ${name}, told without a value`, async () => {
      const { bound } = await opened()
      const value = Buffer.from(bytes)
      await bound.ready([value])
      const error = failureOf(() => bound.decode(value))
      expect(error).to.include({ code: 'POISON' }).and.not.have.property('cause')
      expect(error.at).to.include({ schemaId: 1 })
      expect(error.message).to.contain('Reading').and.contain(reason).and.not.contain('canary')
    })
  }

  it('should be too few bytes, or another format', async () => {
    const { bound } = await opened()
    for (const bytes of [Buffer.alloc(0), Buffer.from([0, 0, 0, 0]), Buffer.from('{"sensor":"canary"}')]) {
      expect(failureOf(() => bound.decode(bytes))).to.include({ code: 'POISON' })
    }
  })

  const bombs = { array: { type: 'array', items: 'int' }, map: { type: 'map', values: 'int' } }
  for (const [kind, type] of Object.entries(bombs)) {
    for (const count of [1_000_000_000_000n, -1_000_000_000_000n]) {
      it(`should be a skipped ${kind} announcing ${count} items`, async () => {
        const { bound, registry } = await opened()
        const wider = schemaOf({ name: 'extra', type }, ...fields.slice(0, 2))
        const body = Buffer.from([...varint(count), ...(count < 0n ? varint(-3n) : []), 2, 2, 2])
        const value = await written(registry, wider, body)
        await bound.ready([value])
        expect(failureOf(() => bound.decode(value))).to.include({ code: 'POISON' })
      })
    }
  }

  it('should be a writer whose arrays take no bytes', async () => {
    const { bound, registry } = await opened()
    const bomb = schemaOf({ name: 'extra', type: { type: 'array', items: 'null' } }, ...fields.slice(0, 2))
    const value = await written(registry, bomb, Buffer.from([254, 255, 255, 255, 15, 0]))
    await bound.ready([value])
    expect(failureOf(() => bound.decode(value))).to.include({ code: 'POISON' })
  })
})

describe('encode', () => {
  const rejected: Record<string, [value: unknown, message: string]> = {
    'a missing field': [{ at: 1 }, 'sensor: expected string, got nothing'],
    'a wrong type': [{ ...reading, note: { canary: 'canary' } }, 'note: expected string or null, got object'],
    'a fraction': [{ ...reading, at: 1.5 }, 'at: expected long, got a number with a fraction'],
    'a number beyond 2^53': [{ ...reading, at: 2 ** 60 }, 'at: expected long, got a number beyond 2^53'],
    'a Date': [{ ...reading, at: new Date() }, 'at: expected long, got object'],
    'a map entry': [{ ...reading, tags: { canary: 5 } }, 'tags.*: expected string, got number'],
    'an array for a map': [{ ...reading, tags: ['canary'] }, 'tags: expected object, got array'],
    'an enum symbol': [{ ...reading, level: 'canary' }, 'level: expected one of low, high, got string'],
    'an inherited enum symbol': [
      { ...reading, level: 'constructor' },
      'level: expected one of low, high, got string',
    ],
    'an array': [[], 'expected object, got array'],
    null: [null, 'expected object, got null'],
    'a map key __proto__': [{ ...reading, tags: JSON.parse('{"__proto__":"canary"}') }, 'can not hold'],
  }
  for (const [name, [value, message]] of Object.entries(rejected)) {
    it(`should reject ${name}, naming the field and not the value`, async () => {
      const { bound } = await opened()
      const error = failureOf(() => bound.encode(value as Reading))
      expect(error).to.include({ code: 'REJECTED' }).and.not.have.property('cause')
      expect(error.message).to.contain('Reading').and.contain(message).and.not.contain('canary')
    })
  }

  it('should reject a string where a record of defaults is due, instead of writing the defaults', async () => {
    const inner = { type: 'record', name: 'Inner', fields: [{ name: 'a', type: 'int', default: 0 }] }
    const outer = contract<object>({
      name: 'outer',
      version: 1,
      schema: schemaOf({ name: 'inner', type: inner }),
    })
    const registry = new MemoryRegistry()
    await registry.register('s', outer.text)
    const bound = bind(outer, 's', registry)
    await bound.open()
    expect(failureOf(() => bound.encode({ inner: 'canary' })).message).to.contain(
      'inner: expected object, got string',
    )
  })

  it('should write map values as null-prototype objects and read them back', async () => {
    const { bound } = await opened()
    const bytes = bound.encode({
      ...reading,
      tags: { constructor: 'x', toString: 'y' } as Record<string, string>,
    })
    await bound.ready([bytes])
    const { tags } = bound.decode(bytes)
    expect(Object.getPrototypeOf(tags)).to.equal(null)
    expect(Object.entries(tags)).to.deep.equal([
      ['constructor', 'x'],
      ['toString', 'y'],
    ])
  })
})

describe('plain serdes', () => {
  it('should keep text keys', () => {
    expect(stringKey.decode(stringKey.encode('ключ\ufeff'))).to.equal('ключ\ufeff')
    expect(stringKey.decode(stringKey.encode(''))).to.equal('')
  })

  it('should call a key that is not UTF-8 poison', () => {
    expect(failureOf(() => stringKey.decode(Buffer.from([0xc3, 0x28])))).to.include({ code: 'POISON' })
  })

  it('should keep keys of bytes', () => {
    const bytes = Buffer.from([0, 255])
    expect(bytesKey.decode(bytesKey.encode(bytes))).to.deep.equal(bytes)
  })

  it('should keep JSON values', () => {
    const serde = json<{ a: number }>()
    expect(serde.decode(serde.encode({ a: 1 }))).to.deep.equal({ a: 1 })
  })

  it('should call what is not JSON poison, without quoting it', () => {
    const error = failureOf(() => json().decode(Buffer.from('{"email": canary}')))
    expect(error).to.include({ code: 'POISON' })
    expect(error.message).not.to.contain('canary')
  })

  it('should reject what JSON has no form for', () => {
    expect(failureOf(() => json<unknown>().encode(undefined))).to.include({ code: 'REJECTED' })
  })
})
