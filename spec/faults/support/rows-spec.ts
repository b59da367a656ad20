import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { faultRows, rowOf } from './rows.ts'

/** Those that DESIGN names for every run of `npm test`. */
const QUICK = [1, 2, 6, 7, 17, 22, 30, 31]
const rows = faultRows()
const runsInTest = (spec: string) => spec.endsWith('-server-spec.ts') || !spec.endsWith('-full-spec.ts')

describe('spec/faults/README.md', () => {
  it('should have the 32 rows of the fault matrix in order', () => {
    expect(rows.map(({ row }) => row)).to.deep.equal(Array.from({ length: 32 }, (_, i) => i + 1))
  })

  it('should name specs that are there', () => {
    expect(rows.flatMap(({ specs }) => specs).filter((spec) => !existsSync(spec))).to.deep.equal([])
  })

  it('should name every spec of a row, in its row', () => {
    const specs = readdirSync('spec/faults', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('-spec.ts') && rowOf(file) !== undefined)
      .map((file) => join('spec/faults', file))
    const missing = specs.filter(
      (spec) => !rows.some((row) => row.row === rowOf(spec) && row.specs.includes(spec)),
    )
    expect(missing).to.deep.equal([])
  })

  it('should say which rows run in npm test', () => {
    for (const { row, specs, inTest } of rows) expect(specs.some(runsInTest), `row ${row}`).to.equal(inTest)
  })

  it('should have these rows in npm test, once they are there', () => {
    const slow = rows.filter(({ row, specs, inTest }) => QUICK.includes(row) && specs.length > 0 && !inTest)
    expect(slow.map(({ row }) => row)).to.deep.equal([])
  })
})
