import { expect } from 'chai'
import { textOf } from '../../lib/cli/verify/text.ts'
import type { Finding } from '../../lib/verify/findings.ts'
import { reportOf } from '../../lib/verify/report.ts'

const finding = (kind: Finding['kind'], key = 'some key'): Finding => ({ hop: 'table', key, kind })

describe('the report of a verification', () => {
  it('should end in 0 without findings, in 3 if a key is missing, in 4 for anything else', () => {
    const codeOf = (...kinds: Finding['kind'][]) =>
      reportOf([{ hop: 'table', records: 1, findings: kinds.map((kind) => finding(kind)) }], 0).exitCode
    expect([codeOf(), codeOf('different'), codeOf('too many'), codeOf('too many', 'missing')]).to.deep.equal([
      0, 4, 4, 3,
    ])
  })

  it('should count findings by hop and list them once', () => {
    const findings = [finding('missing', 'a'), finding('different', 'b'), finding('missing', 'c')]
    const report = reportOf(
      [
        { hop: 'api', records: 3, findings: [] },
        { hop: 'table', records: 3, keys: 2, duplicates: 1, findings },
      ],
      0,
    )
    expect(report.hops).to.deep.equal([
      { hop: 'api', records: 3, missing: 0, different: 0, tooMany: 0 },
      { hop: 'table', records: 3, keys: 2, duplicates: 1, missing: 2, different: 1, tooMany: 0 },
    ])
    expect(report.findings).to.deep.equal(findings)
  })

  it('should be a table and a line for each of the first findings', () => {
    const many = Array.from({ length: 25 }, (_, index) => finding('missing', `key ${index}`))
    const text = textOf(reportOf([{ hop: 'table', records: 1000, keys: 1000, findings: many }], 7))
    expect(text)
      .to.match(/^table +1,000 +1,000 +25 +0 +0$/m)
      .and.include('missing at table: key 19\n… and 5 more')
      .and.include('7 records were not processed yet')
      .and.match(/\nnot verified$/)
  })

  it('should name differing columns, and say when all is well', () => {
    const different: Finding = { ...finding('different'), columns: ['city', 'age'] }
    expect(textOf(reportOf([{ hop: 'table', records: 1, findings: [different] }], 0))).to.include(
      'different at table: some key (city, age)',
    )
    expect(textOf(reportOf([{ hop: 'table', records: 1, findings: [] }], 0))).to.match(/\nverified: /)
  })

  it('should say why, and the cure, where a hop knows it', () => {
    const hop = { hop: 'users.raw', records: 0, findings: [finding('missing')], note: 'no capture runs' }
    expect(textOf(reportOf([hop], 0))).to.match(/\nusers\.raw: no capture runs\nnot verified$/)
  })
})
