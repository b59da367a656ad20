import { expect } from 'chai'
import { diffText } from '../../../lib/cli/replay/diff-text.ts'
import type { DiffReport, SinkReport } from '../../../lib/replay/diff/diff-report.ts'

const sink = (more: Partial<SinkReport>): SinkReport => ({
  ...{ sink: 'table users', live: 1000, shadow: 1000, same: 1000, added: 0, missing: 0, changed: 0 },
  ...{ fields: {}, ignored: 0, unreadable: 0, isNew: false, examples: [], ...more },
})

const report = (more: Partial<DiffReport>): DiffReport => ({
  ...{ application: 'shop', shadow: 'shop.v2', standings: [], sinks: [sink({})], ignored: [], exitCode: 0 },
  ...more,
})

describe('the differences of a shadow as text', () => {
  it('should be a table and a word where there are none', () => {
    expect(diffText(report({}))).to.equal(
      [
        'live shop, shadow shop.v2',
        'sink          live  shadow   same  added  missing  changed',
        'table users  1,000   1,000  1,000      0        0        0',
        'equal',
      ].join('\n'),
    )
  })

  it('should name fields, examples, and all that was not compared', () => {
    const examples = [
      { sink: 'table users', key: 'a', kind: 'changed', fields: { band: { live: 'x', shadow: null } } },
      { sink: 'table users', key: 'b', kind: 'added', fields: { age: { shadow: 7 } } },
      { sink: 'table users', key: 'c', kind: 'missing', fields: { age: { live: 'number' } } },
    ] as const
    const more = { changed: 1200, fields: { band: 1200, age: 1 }, ignored: 2, unreadable: 3, isNew: true }
    const said = diffText(
      report({ sinks: [sink({ ...more, examples })], ignored: ['run_id', 'source'], exitCode: 4 }),
      'all.jsonl',
    )
    expect(said.split('\n').slice(3)).to.deep.equal([
      'table users is not there live',
      'table users: changed fields: band 1,200, age 1',
      'table users: 2 differ in run_id, source alone, ignored',
      "table users: 3 records have keys that can't be read: not compared",
      '  changed a  band: x → null',
      '  added b  age: 7',
      '  missing c  age: number',
      'every difference is in all.jsonl',
      'different',
    ])
  })

  it('should say where live and shadow stand, where that is not the same', () => {
    const even = { liveAhead: 0, shadowAhead: 0, before: 0, toCome: 0 }
    const standings = [
      { ...even, topic: 'even' },
      { topic: 'in', liveAhead: 1, shadowAhead: 2, before: 3, toCome: 4000 },
    ]
    expect(diffText(report({ standings })).split('\n').slice(3, -1)).to.deep.equal([
      'in: 3 records are before what was replayed into the shadow: what only they lead to is missing',
      'in: 4,000 records are yet to be replayed into the shadow: the same command goes on with it',
      'in: live has read 1 records that the shadow has not: what they change is a difference',
      'in: the shadow has read 2 records that live has not: what they change is a difference',
    ])
  })
})
