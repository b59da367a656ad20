import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { BucketedTable } from '../../lib/verify/bucketed-table.ts'
import { compare, compareTables } from '../../lib/verify/compare.ts'
import { LISTED } from '../../lib/verify/findings.ts'
import { KeyTable } from '../../lib/verify/key-table.ts'
import { SpillFolder } from '../../lib/verify/spill-folder.ts'

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

describe('compareTables', () => {
  const folder = new SpillFolder(join(tmpdir(), 'never-made'))
  const bucketed = (rows: readonly (readonly [key: string, clock: number, city: string])[]) => {
    const table = new BucketedTable(['city'], folder)
    for (const [index, [key, clock, city]] of rows.entries()) {
      table.add(key, clock, { city }, { partition: 1, offset: index })
    }
    return table
  }

  it('should find over all buckets what compare finds in one, with times and places', () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `key ${index}`)
    const rows = keys.map((key) => [key, 5, 'Oslo'] as const)
    const actual = [...rows.slice(1, -1), ['key 999', 5, 'Bergen'] as const, ['more', 7, 'Oslo'] as const]
    const { found, keys: counted } = compareTables('hop', bucketed(rows), bucketed(actual))
    expect(found.listed).to.have.deep.members([
      { hop: 'hop', key: 'key 0', kind: 'missing', clock: 5, at: { partition: 1, offset: 0 } },
      {
        ...{ hop: 'hop', key: 'key 999', kind: 'different', columns: ['city'] },
        ...{ clock: 5, at: { partition: 1, offset: 999 } },
      },
      { hop: 'hop', key: 'more', kind: 'too many', clock: 7, at: { partition: 1, offset: 999 } },
    ])
    expect(counted).to.deep.equal({ expected: 1000, actual: 1000 })
  })

  it('should name a record that is there more often than it should, once for each time', () => {
    const should = bucketed([
      ['a', 1, 'Oslo'],
      ['a', 2, 'Bergen'],
      ['b', 1, 'Oslo'],
      ['b', 1, 'Oslo'],
    ])
    const is = [...Array(3).fill(['a', 1, 'Oslo']), ['a', 2, 'Bergen'], ...Array(2).fill(['b', 1, 'Oslo'])]
    const { found } = compareTables('hop', should, bucketed(is), { duplicates: true })
    const duplicate = { hop: 'hop', key: 'a', kind: 'duplicated' }
    expect(found.listed).to.deep.equal([duplicate, duplicate])
  })

  it('should compare within a period only, by what leads to a key', () => {
    const should = bucketed([
      ['before', 1, 'Oslo'],
      ['within', 5, 'Oslo'],
      ['after', 9, 'Oslo'],
      ['moved on', 5, 'Oslo'],
      ['moved on', 9, 'Bergen'],
    ])
    const is = bucketed([
      ['stranger', 5, 'Oslo'],
      ['late stranger', 9, 'Oslo'],
      ['moved on', 5, 'Oslo'],
    ])
    const { found } = compareTables('hop', should, is, { within: (clock) => clock >= 5 && clock < 9 })
    expect(found.listed.map(({ key, kind }) => `${kind} ${key}`)).to.have.members([
      'missing within',
      'too many stranger',
    ])
  })

  it('should count all findings, and list the first of them', () => {
    const rows = Array.from({ length: LISTED + 5 }, (_, index) => [`key ${index}`, 1, 'Oslo'] as const)
    const { found } = compareTables('hop', bucketed(rows), bucketed([]))
    expect(found.counts.missing).to.equal(LISTED + 5)
    expect(found.listed).to.have.length(LISTED)
  }).timeout(20_000)
})
