import { expect } from 'chai'
import { CLEAN, judge, type Numbered } from './judge.ts'

const numbered = (text: string): Numbered[] =>
  text.split(' ').map((name) => ({ key: name.slice(0, 1), n: Number(name.slice(1)) }))

describe('the judge of the fault matrix', () => {
  for (const [what, seen, verdict] of [
    ['all, each key in order', 'b1 a1 a2 b2', {}],
    ['a lost one', 'a1 b1 b2', { lost: ['a/2'] }],
    ['a duplicate', 'a1 a2 b1 b2 a1', { duplicated: ['a/1'] }],
    ['two of one', 'a1 a1 a1 a2 b1 b2', { duplicated: ['a/1', 'a/1'] }],
    ['one of the wrong order', 'a2 a1 b1 b2', { unordered: ['a/1'] }],
    ['one that was never there', 'a1 a2 a3 b1 b2', { unexpected: ['a/3'] }],
  ] as const) {
    it(`should see ${what}`, () => {
      expect(judge(numbered('a1 a2 b1 b2'), numbered(seen))).to.deep.equal({ ...CLEAN, ...verdict })
    })
  }
})
