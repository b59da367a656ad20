import { expect } from 'chai'
import { KeyTable } from '../../lib/verify/key-table.ts'

describe('KeyTable', () => {
  const hashes = (value: Record<string, unknown>) => {
    const table = new KeyTable(['a', 'b'])
    table.add('key', 0, value)
    return [...table.get('key')!.hashes]
  }

  it('should count records and distinct keys', () => {
    const table = new KeyTable(['a'])
    for (const key of ['x', 'y', 'x']) table.add(key, 0, { a: 1 })
    expect([table.records, table.size, [...table.keys()]]).to.deep.equal([3, 2, ['x', 'y']])
    expect([table.has('x'), table.has('z')]).to.deep.equal([true, false])
  })

  it('should keep the newest value, and of equal clocks the later one', () => {
    const table = new KeyTable(['a', 'b'])
    for (const [clock, a] of [
      [2, 'first'],
      [2, 'second'],
      [1, 'older'],
    ] as const) {
      table.add('key', clock, { a })
    }
    expect([...table.get('key')!.hashes]).to.deep.equal(hashes({ a: 'second' }))
    expect(table.get('key')!.clock).to.equal(2)
  })

  it('should take what is absent for null, and tell null from empty text', () => {
    expect(hashes({ a: 1 })).to.deep.equal(hashes({ a: 1, b: null, c: 'not a column' }))
    expect(hashes({ b: '' })).to.not.deep.equal(hashes({ b: null }))
  })

  it('should tell numbers from text, and one column from the other', () => {
    expect(hashes({ a: 1 })).to.not.deep.equal(hashes({ a: '1' }))
    expect(hashes({ a: 1, b: 2 })).to.not.deep.equal(hashes({ a: 2, b: 1 }))
    expect(hashes({ a: 1, b: 2 })[0]).to.equal(hashes({ a: 1, b: 3 })[0])
  })
})
