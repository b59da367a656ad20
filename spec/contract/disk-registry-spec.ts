import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { contract } from '../../lib/contract/avro.ts'
import { diskRegistry } from '../../lib/contract/disk-registry.ts'
import { bind } from '../../lib/contract/serde.ts'

const schema = (...fields: object[]) => JSON.stringify({ type: 'record', name: 'Order', fields })
const id = { name: 'id', type: 'string' }
const cents = { name: 'cents', type: ['null', 'long'], default: null }
const required = { name: 'due', type: 'long' }

describe('disk registry', () => {
  let directory: string
  const open = () => diskRegistry(join(directory, 'registry.json'))
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-registry-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('should give one schema one id, under every subject and in every process', async () => {
    const [first, again, other] = await Promise.all([
      open().register('orders-value', schema(id)),
      open().register('orders-value', schema(id)),
      open().register('returns-value', schema(id)),
    ])
    expect([first, again, other]).to.deep.equal([1, 1, 1])
    expect(await open().schemaById(1)).to.equal(schema(id))
    expect(await open().idOf('orders-value', schema(id))).to.equal(1)
    expect(await open().idOf('orders-key', schema(id))).to.equal(undefined)
  })

  it('should not know an id that was never given', async () => {
    expect(await open().schemaById(7)).to.equal(undefined)
  })

  it('should refuse a version that can not read all earlier ones, and say why', async () => {
    const registry = open()
    await registry.register('orders-value', schema(id))
    expect(await registry.incompatibility('orders-value', schema(id, cents))).to.equal(undefined)
    await registry.register('orders-value', schema(id, cents))
    expect(await registry.incompatibility('orders-value', schema(id, required))).to.include('due')
    const error = await registry
      .register('orders-value', schema(id, required))
      .catch((caught: unknown) => caught)
    expect(error).to.include({ code: 'CONTRACT' })
  })

  it('should take over the lock of a process that died', async () => {
    const lock = join(directory, 'registry.json.lock')
    writeFileSync(lock, '1')
    utimesSync(lock, new Date(0), new Date(0))
    expect(await open().register('orders-value', schema(id))).to.equal(1)
  })

  it('should serve contracts as a registry does', async () => {
    const v1 = contract<{ id: string }>({ name: 'order', version: 1, schema: JSON.parse(schema(id)) })
    const v2 = contract<{ id: string; cents: number | null }>({
      name: 'order',
      version: 2,
      schema: JSON.parse(schema(id, cents)),
    })
    await open().register('orders-value', v1.text)
    const writer = bind(v1, 'orders-value', open())
    await writer.open()
    const bytes = writer.encode({ id: 'a' })
    const reader = bind(v2, 'orders-value', open())
    await reader.ready([bytes])
    expect(reader.decode(bytes)).to.deep.include({ id: 'a', cents: null })
  })
})
