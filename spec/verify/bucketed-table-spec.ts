import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { BUCKETS, BucketedTable } from '../../lib/verify/bucketed-table.ts'
import { KeyTable } from '../../lib/verify/key-table.ts'
import { SpillFolder } from '../../lib/verify/spill-folder.ts'

describe('BucketedTable', () => {
  let parent: string
  let folder: SpillFolder

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'millrace-buckets-'))
    folder = new SpillFolder(join(parent, 'state'))
  })

  afterEach(() => {
    folder.remove()
    rmSync(parent, { recursive: true })
  })

  const files = () => readdirSync(parent, { recursive: true }).length
  const buckets = (table: BucketedTable) => Array.from({ length: BUCKETS }, (_, index) => table.bucket(index))
  const wide = Array.from({ length: 30 }, (_, index) => `column ${index}`)

  it('should hold what a KeyTable holds, in memory as long as it is little', () => {
    const table = new BucketedTable(['city'], folder)
    const whole = new KeyTable(['city'])
    for (const [key, clock, city] of [
      ['a', 2, 'Oslo'],
      ['Åse/ñ', 1, 'Bergen'],
      ['a', 1, 'older'],
      ['', 1, null],
    ] as const) {
      table.add(key, clock, { city }, { partition: 3, offset: clock })
      whole.add(key, clock, { city })
    }
    const found = buckets(table).flatMap((bucket) =>
      [...bucket.table.keys()].map((key) => [key, bucket.table.get(key)]),
    )
    const expected = [...whole.keys()].map((key) => {
      const held = whole.get(key)!
      return [key, { ...held, at: { partition: 3, offset: held.clock } }]
    })
    expect(found).to.have.deep.members(expected)
    expect(table.records).to.equal(4)
    expect(files()).to.equal(0)
  })

  it('should go on in files, read the same back, and remove them', () => {
    const table = new BucketedTable(wide, folder)
    const value = (n: number) => Object.fromEntries(wide.map((column) => [column, n]))
    for (let n = 0; n < 80_000; n++) table.add(`key ${n % 70_000}`, n, value(n))
    expect(files()).to.be.greaterThan(BUCKETS)
    let keys = 0
    for (const { table: bucket } of buckets(table)) {
      keys += bucket.size
      const [key] = bucket.keys()
      const n = Number(key!.slice(4))
      const whole = new KeyTable(wide)
      const newest = n < 10_000 ? n + 70_000 : n
      whole.add(key!, newest, value(newest))
      expect(bucket.get(key!)).to.deep.equal({ ...whole.get(key!), at: undefined })
    }
    expect(keys).to.equal(70_000)
    table.drop()
    expect(files()).to.be.below(4)
    folder.remove()
    expect(existsSync(join(parent, 'state'))).to.equal(true)
    expect(files()).to.equal(1)
  })

  it('should take a key that is larger than what is held in memory', () => {
    const table = new BucketedTable(['city'], folder)
    const huge = 'k'.repeat(100_000)
    for (const key of ['small', huge, 'last']) table.add(key, 1, { city: 'Oslo' })
    expect(buckets(table).flatMap((bucket) => [...bucket.table.keys()])).to.have.members([
      'small',
      huge,
      'last',
    ])
  })

  it('should count how often the very same record is there', () => {
    const table = new BucketedTable(['city'], folder)
    for (const city of ['Oslo', 'Oslo', 'Bergen']) table.add('a', 1, { city })
    table.add('a', 2, { city: 'Oslo' })
    const copies = buckets(table).flatMap((bucket) => [...bucket.copies.values()])
    expect(copies).to.have.deep.members([
      { key: 'a', times: 2 },
      { key: 'a', times: 1 },
      { key: 'a', times: 1 },
    ])
  })
})
