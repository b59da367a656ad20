import { expect } from 'chai'
import { compare, compareSets } from '../../lib/verify/compare.ts'
import { KeyTable } from '../../lib/verify/key-table.ts'

type Values = Readonly<Record<string, unknown>>

function tableOf(rows: Readonly<Record<string, Values>>): KeyTable {
  const table = new KeyTable(['city', 'source'])
  for (const [key, value] of Object.entries(rows)) table.add(key, 0, value)
  return table
}

describe('compare', () => {
  const oslo = { city: 'Oslo', source: 'raw/0/1' }
  const bergen = { city: 'Bergen', source: 'raw/0/2' }

  it('should find nothing between equal tables, nor between empty ones', () => {
    expect(compare('hop', tableOf({ a: oslo, b: bergen }), tableOf({ b: bergen, a: oslo }))).to.deep.equal([])
    expect(compare('hop', tableOf({}), tableOf({}))).to.deep.equal([])
  })

  it('should name what is missing, what differs by which columns, and what is too many', () => {
    const found = compare('hop', tableOf({ a: oslo, b: bergen }), tableOf({ b: oslo, c: oslo }))
    expect(found).to.deep.equal([
      { hop: 'hop', key: 'a', kind: 'missing' },
      { hop: 'hop', key: 'b', kind: 'different', columns: ['city', 'source'] },
      { hop: 'hop', key: 'c', kind: 'too many' },
    ])
  })

  it('should let ignored columns differ, and no others', () => {
    const ignored = new Set(['source'])
    const moved = { ...oslo, source: 'raw/0/9' }
    expect(compare('hop', tableOf({ a: oslo }), tableOf({ a: moved }), { ignored })).to.deep.equal([])
    expect(compare('hop', tableOf({ a: oslo }), tableOf({ a: bergen }), { ignored })).to.deep.equal([
      { hop: 'hop', key: 'a', kind: 'different', columns: ['city'] },
    ])
  })

  it('should only ask whether moving keys are there', () => {
    const moving = new Set(['a', 'b', 'c'])
    const found = compare('hop', tableOf({ a: oslo, b: oslo }), tableOf({ b: bergen, c: oslo }), { moving })
    expect(found).to.deep.equal([{ hop: 'hop', key: 'a', kind: 'missing' }])
  })
})

describe('compareSets', () => {
  it('should name what is missing and what is too many, unless it is moving', () => {
    const found = compareSets('dlq', new Set(['a', 'b']), new Set(['b', 'c', 'd']), new Set(['d']))
    expect(found).to.deep.equal([
      { hop: 'dlq', key: 'a', kind: 'missing' },
      { hop: 'dlq', key: 'c', kind: 'too many' },
    ])
  })
})
