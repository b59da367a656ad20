import { expect } from 'chai'
import fc from 'fast-check'
import { keyHash } from '../../lib/state/key-hash.ts'
import { KeyTable } from '../../lib/state/key-table.ts'
import { bytesHeld } from '../support/process-memory.ts'

const bytesOf = (key: string) => Buffer.from(key, 'latin1')
const hashOf = (key: string) => keyHash(bytesOf(key), 0, key.length)

/** A table as it is asked with strings. */
class Tested {
  readonly table = new KeyTable()

  add(key: string): number {
    return this.table.add(bytesOf(`--${key}-`), 2, 2 + key.length)
  }

  find(key: string): number {
    return this.table.find(bytesOf(`-${key}--`), 1, 1 + key.length)
  }

  remove(key: string): void {
    this.table.remove(this.find(key))
  }

  get keys(): string[] {
    return [...this.table.keys()]
  }
}

const LAST_SLOT = 1023

/** Pairs of keys of the same hash, and keys that begin at the last slot of every table up to 1,024. */
function awkwardKeys(): string[] {
  const byHash = new Map<number, string>()
  const [pairs, last]: [string[], string[]] = [[], []]
  for (let i = 0; i < 200_000; i++) {
    const hash = hashOf(`${i}`)
    const other = byHash.get(hash)
    if (other !== undefined) pairs.push(other, `${i}`)
    if ((hash & LAST_SLOT) === LAST_SLOT) last.push(`${i}`)
    byHash.set(hash, `${i}`)
  }
  return [...pairs, ...last.slice(0, 30)]
}

describe('a table of keys', () => {
  it('should hold nothing at first', () => {
    const tested = new Tested()
    expect([tested.table.size, tested.find(''), tested.find('a'), tested.keys]).to.deep.equal([0, -1, -1, []])
  })

  it('should number keys from 0 on, each once', () => {
    const tested = new Tested()
    expect(['a', 'b', 'a', '', 'b'].map((key) => tested.add(key))).to.deep.equal([0, 1, 0, 2, 1])
    expect(['', 'a', 'b', 'c'].map((key) => tested.find(key))).to.deep.equal([2, 0, 1, -1])
    expect([0, 1, 2].map((id) => tested.table.keyOf(id))).to.deep.equal(['a', 'b', ''])
    expect(tested.table.size).to.equal(3)
  })

  it('should give the numbers of removed keys again', () => {
    const tested = new Tested()
    for (const key of ['a', 'b', 'c']) tested.add(key)
    tested.remove('b')
    expect([tested.find('b'), tested.table.size]).to.deep.equal([-1, 2])
    expect([tested.add('d'), tested.add('b')]).to.deep.equal([1, 3])
    expect(tested.keys).to.deep.equal(['a', 'd', 'c', 'b'])
  })

  it('should copy keys, and tell bytes apart that differ in one bit or in length', () => {
    const { table } = new Tested()
    const bytes = Buffer.from([0, 255, 128])
    table.add(bytes, 0, 3)
    bytes.fill(7)
    expect(table.keyOf(0)).to.equal('\0\xff\x80')
    const others = ['\0\xff\x81', '\0\xff', '\0\xff\x80\0', '\xff\x80', '']
    expect(others.map((key) => table.find(bytesOf(key), 0, key.length))).to.deep.equal(others.map(() => -1))
  })

  it('should hold keys of every length, those longer than a piece of its memory too', () => {
    const tested = new Tested()
    const lengths = [...Array(600).keys(), 1023, 1024, 5000, 65_530, 65_531, 65_536, 200_000]
    const keys = lengths.map((length) => 'x'.repeat(length))
    for (const [id, key] of keys.entries()) expect(tested.add(key)).to.equal(id)
    for (const [id, key] of keys.entries()) expect(tested.find(key)).to.equal(id)
    for (const [at, key] of keys.entries()) if (at % 2 === 1) tested.remove(key)
    expect(tested.keys.map((key) => key.length)).to.deep.equal(lengths.filter((_, at) => at % 2 === 0))
  })

  it('should be walked while keys are removed and added', () => {
    const tested = new Tested()
    for (let i = 0; i < 1000; i++) tested.add(`${i}`)
    const seen: string[] = []
    for (const key of tested.table.keys()) {
      seen.push(key)
      tested.remove(key)
      // Half of those that are still to come go away, others come instead.
      if (!key.startsWith('new') && Number(key) % 2 === 0) tested.remove(`${Number(key) + 1}`)
      if (seen.length < 300) tested.add(`new ${key}`)
    }
    const shown = (kind: (key: string) => boolean) => new Set(seen.filter(kind)).size
    expect(shown((key) => Number(key) % 2 === 0)).to.equal(500)
    expect(shown((key) => Number(key) % 2 === 1)).to.equal(0)
    expect(new Set(seen).size).to.equal(seen.length)
  })

  it('should let go of the memory of removed keys, also where some between them stay', () => {
    const { table } = new Tested()
    const [all, each, length] = [200_000, 1000, 200]
    const key = Buffer.alloc(length)
    const before = bytesHeld()
    for (let i = 0; i < all; i++) {
      key.writeUInt32BE(i)
      const id = table.add(key, 0, length)
      if (i % each !== 0) table.remove(id)
    }
    expect(table.size).to.equal(all / each)
    for (let i = 0; i < all; i += each) {
      key.writeUInt32BE(i)
      expect(table.keyOf(table.find(key, 0, length))).to.equal(key.toString('latin1'))
    }
    expect(bytesHeld() - before).to.be.below(2e6)
  })

  it('should do what a Map does', () => {
    const awkward = awkwardKeys()
    const key = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...awkward) },
      { weight: 2, arbitrary: fc.nat(3000).map(String) },
      { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom('\0', 'a', '\xff'), maxLength: 3 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(250, 255, 256, 1100, 70_000).map((length) => 'l'.repeat(length)),
      },
    )
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.record({ add: key }) },
      { weight: 4, arbitrary: fc.record({ remove: key }) },
      { weight: 1, arbitrary: fc.record({ addUpTo: fc.nat(1500) }) },
      { weight: 1, arbitrary: fc.record({ removeUpTo: fc.nat(1500) }) },
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200, size: 'max' }), (actions) => {
        const [tested, plain] = [new Tested(), new Map<string, number>()]
        const add = (one: string) => {
          const id = tested.add(one)
          if (plain.has(one)) expect(id).to.equal(plain.get(one))
          plain.set(one, id)
        }
        const remove = (one: string) => {
          expect(tested.find(one)).to.equal(plain.get(one) ?? -1)
          if (plain.delete(one)) tested.remove(one)
        }
        for (const act of actions) {
          if ('add' in act) add(act.add)
          else if ('remove' in act) remove(act.remove)
          else if ('addUpTo' in act) for (let i = 0; i < act.addUpTo; i++) add(`${i}`)
          else for (let i = 0; i < act.removeUpTo; i++) remove(`${i}`)
          expect(tested.table.size).to.equal(plain.size)
        }
        expect(tested.keys.sort()).to.deep.equal([...plain.keys()].sort())
        expect(new Set(plain.values()).size, 'one number each').to.equal(plain.size)
        for (const [one, id] of plain)
          expect([tested.find(one), tested.table.keyOf(id)]).to.deep.equal([id, one])
        for (const one of awkward) expect(tested.find(one)).to.equal(plain.get(one) ?? -1)
      }),
      { numRuns: 40 },
    )
  })
})
