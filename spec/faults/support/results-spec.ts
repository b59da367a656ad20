import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { keepResult, type RowResult } from './results.ts'

const finding = {
  row: 9,
  fault: 'kill -9 of PostgreSQL',
  records: 20_000,
  kills: 3,
  lost: 0,
  duplicated: 17,
  recoverySeconds: 1.23,
  peakMemory: 150 * 2 ** 20,
}
const result: RowResult = {
  ...{ row: 9, passed: 2, failed: 0, seconds: 30, at: '2026-11-23T02:00:00.000Z', machine: 'two cores' },
  findings: [finding],
}

describe('the report of the fault matrix', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-faults-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const page = () => readFileSync(join(directory, 'faults.md'), 'utf8')
  const lineOf = (row: number) => page().match(new RegExp(`^\\| ${row} \\|.*$`, 'gm'))

  it('should have a line for every fault of a row', () => {
    keepResult(
      { ...result, findings: [finding, { ...finding, fault: 'a stop', recoverySeconds: null }] },
      directory,
    )
    expect(lineOf(9)).to.deep.equal([
      '| 9 | kill -9 of PostgreSQL | 20000 | 3 | 0 | 17 | 1.2 | 150 | 2 passed | 2026-11-23 02:00 |',
      '| 9 | a stop | 20000 | 3 | 0 | 17 | – | 150 | 2 passed | 2026-11-23 02:00 |',
    ])
  })

  it('should keep other rows, and replace this one', () => {
    keepResult({ ...result, row: 17 }, directory)
    keepResult({ ...result, failed: 1 }, directory)
    keepResult({ ...result, failed: 2 }, directory)
    expect(lineOf(17)).to.have.length(1)
    expect(lineOf(9)?.join()).to.include('2 passed, **2 failed**')
  })

  it('should say which rows were not run, and which found nothing', () => {
    keepResult({ ...result, findings: [] }, directory)
    expect(lineOf(9)?.join()).to.include('no report')
    expect(lineOf(10)?.join()).to.include('not run')
  })
})
