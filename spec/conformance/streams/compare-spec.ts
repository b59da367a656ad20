import { expect } from 'chai'
import type { Comparator } from './comparators.ts'
import { compare } from './compare.ts'
import type { Answer, Key, Output, StoreRow } from './scenario.ts'

const inputs = [0, 1, 2].map((value) => ({ topic: 'in', key: 'i', value, timestamp: value }))

const out = (after: number, key: Key, value: Output['value'], rest: Partial<Output> = {}): Output => ({
  after,
  topic: 'out',
  key,
  value,
  timestamp: 5,
  ...rest,
})

/** The first difference between outputs. */
function outputs(wanted: readonly Output[], came: readonly Output[], comparator: Comparator = 'exact') {
  return compare({ inputs, outputs: wanted, stores: {} }, { outputs: came, stores: {} }, comparator)
}

function stores(wanted: Answer['stores'], came: Answer['stores']) {
  return compare({ inputs, outputs: [], stores: wanted }, { outputs: [], stores: came }, 'exact')
}

const ALL: readonly Comparator[] = ['exact', 'per-key', 'multiset']

describe('comparing outputs', () => {
  for (const comparator of ALL) {
    describe(`by the rule ${comparator}`, () => {
      const one = out(0, 'a', { v: 1 }, { headers: { h: '1' } })

      it('should find equal what is equal', () => {
        expect(outputs([], [], comparator)).to.equal(undefined)
        expect(outputs([one, out(1, null, null)], [{ ...one }, out(1, null, null)], comparator)).to.equal(
          undefined,
        )
      })

      const others: readonly (readonly [string, readonly Output[]])[] = [
        ['a value', [{ ...one, value: { v: 2 } }]],
        ['the type of a value', [{ ...one, value: { v: '1' } }]],
        ['null instead of a value', [{ ...one, value: null }]],
        ['a key', [{ ...one, key: 'b' }]],
        ['no key', [{ ...one, key: null }]],
        ['a timestamp', [{ ...one, timestamp: 6 }]],
        ['a header', [{ ...one, headers: { h: '2' } }]],
        ['no headers', [{ ...one, headers: undefined }]],
        ['a header more', [{ ...one, headers: { h: '1', i: '1' } }]],
        ['a header twice', [{ ...one, headers: { h: ['1', '1'] } }]],
        ['the input that caused it', [{ ...one, after: 1 }]],
        ['the topic', [{ ...one, topic: 'other' }]],
        ['nothing', []],
        ['the same twice', [one, one]],
        ['a value that is no JSON', [{ ...one, value: new Map() as never }]],
        ['no value', [{ ...one, value: undefined as never }]],
      ]
      for (const [what, came] of others) {
        it(`should tell when there comes ${what}`, () => {
          expect(outputs([one], came, comparator)).to.be.a('string')
        })
      }

      it('should tell what came beyond the expected', () => {
        expect(outputs([], [one], comparator)).to.match(
          /^input 0 .*, to out: .*expected nothing, came \{.*"a"/,
        )
      })

      it('should take an order of names, and empty headers, for none', () => {
        const wanted = out(0, { key: 'a', start: 0, end: 9 }, { v: 1, w: [1] })
        const came = out(0, { end: 9, start: 0, key: 'a' }, { w: [1], v: 1 }, { headers: {} })
        expect(outputs([wanted], [came], comparator)).to.equal(undefined)
      })

      it('should take the order between inputs and between topics for none', () => {
        const wanted = [out(0, 'a', 1), out(0, 'a', 2, { topic: 'other' }), out(1, 'a', 3)]
        expect(outputs(wanted, wanted.toReversed(), comparator)).to.equal(undefined)
      })
    })
  }

  const permutations: readonly (readonly [
    string,
    readonly Output[],
    readonly Output[],
    readonly Comparator[],
  ])[] = [
    ['two keys', [out(0, 'a', 1), out(0, 'b', 2)], [out(0, 'b', 2), out(0, 'a', 1)], ['per-key', 'multiset']],
    ['one key', [out(0, 'a', 1), out(0, 'a', 2)], [out(0, 'a', 2), out(0, 'a', 1)], ['multiset']],
    ['null keys', [out(0, null, 1), out(0, null, 2)], [out(0, null, 2), out(0, null, 1)], ['multiset']],
    [
      'two windows of a key',
      [out(0, { key: 'a', start: 0, end: 9 }, 1), out(0, { key: 'a', start: 1, end: 10 }, 2)],
      [out(0, { key: 'a', start: 1, end: 10 }, 2), out(0, { key: 'a', start: 0, end: 9 }, 1)],
      ['per-key', 'multiset'],
    ],
    [
      'one window of a key',
      [out(0, { key: 'a', start: 0, end: 9 }, null), out(0, { key: 'a', start: 0, end: 9 }, 2)],
      [out(0, { key: 'a', start: 0, end: 9 }, 2), out(0, { key: 'a', start: 0, end: 9 }, null)],
      ['multiset'],
    ],
  ]
  for (const [what, wanted, came, equalBy] of permutations) {
    it(`should let ${what} come in any order by ${equalBy.join(', ')} alone`, () => {
      expect(ALL.filter((comparator) => outputs(wanted, came, comparator) === undefined)).to.deep.equal(
        equalBy,
      )
    })
  }

  it('should count what comes several times', () => {
    const [a, b] = [out(0, 'a', 1), out(0, 'a', 2)]
    expect(outputs([a, a, b], [b, a, a], 'multiset')).to.equal(undefined)
    expect(outputs([a, a, b], [a, b, b], 'multiset')).to.match(/expected \{.*"value":1.*, came \{.*"value":2/)
  })

  it('should name the first difference by input: what caused it, what was expected, what came', () => {
    const wanted = [out(0, 'a', 0), out(1, 'a', 1), out(1, 'a', 2), out(2, 'a', 3)]
    const came = [out(0, 'a', 0), out(1, 'a', 1), out(1, 'a', 7), out(2, 'a', 8)]
    expect(outputs(wanted, came)).to.equal(
      'input 1 {"topic":"in","key":"i","value":1,"timestamp":1}, to out: record 2: ' +
        'expected {"key":"a","value":2,"timestamp":5}, came {"key":"a","value":7,"timestamp":5}',
    )
    expect(outputs([out(1, 'a', 1)], [out(0, 'b', 1)])).to.match(/^input 0 .*expected nothing/)
    expect(outputs(wanted, came, 'per-key')).to.include('to out: key "a", record 2: expected')
  })
})

describe('comparing stores', () => {
  const row = (key: StoreRow['key'], value: StoreRow['value'], timestamp?: number): StoreRow => ({
    key,
    value,
    timestamp,
  })
  const window = { key: 'a', start: 0, end: 9 }

  it('should take them as maps', () => {
    const rows = [row('a', { v: 1, w: 2 }, 1), row(window, 2)]
    const other = [row({ end: 9, start: 0, key: 'a' }, 2), row('a', { w: 2, v: 1 }, 1)]
    expect(stores({ counts: rows, none: [] }, { none: [], counts: other })).to.equal(undefined)
  })

  const differences: readonly (readonly [string, Answer['stores'], Answer['stores'], RegExp])[] = [
    ['a value', { s: [row('a', 1)] }, { s: [row('a', 2)] }, /^store s: expected .*1\}, came .*2\}$/],
    [
      'a timestamp',
      { s: [row('a', 1, 1)] },
      { s: [row('a', 1, 2)] },
      /^store s: expected .*1\}, came .*2\}$/,
    ],
    ['a timestamp too many', { s: [row('a', 1)] }, { s: [row('a', 1, 2)] }, /came .*"timestamp":2/],
    ['a missing timestamp', { s: [row('a', 1, 1)] }, { s: [row('a', 1)] }, /expected .*"timestamp":1/],
    ['a missing row', { s: [row('a', 1)] }, { s: [] }, /came no such row$/],
    ['a row too many', { s: [] }, { s: [row('a', 1)] }, /expected no row of "a", came \{/],
    ['another window', { s: [row(window, 1)] }, { s: [row({ ...window, end: 10 }, 1)] }, /no such row$/],
    [
      'a row that is there twice',
      { s: [row('a', 1)] },
      { s: [row('a', 1), row('a', 1)] },
      /^store s: key "a" is there twice$/,
    ],
    ['a missing store', { s: [] }, {}, /^store s: expected, but not there$/],
    ['a store too many', {}, { s: [] }, /^store s: not expected, but there$/],
  ]
  for (const [what, wanted, came, text] of differences) {
    it(`should tell ${what}`, () => {
      expect(stores(wanted, came)).to.match(text)
    })
  }

  it('should come after the outputs', () => {
    const wanted = { inputs, outputs: [out(0, 'a', 1)], stores: { s: [] } }
    expect(compare(wanted, { outputs: [], stores: {} }, 'exact')).to.match(/^input 0/)
  })
})
