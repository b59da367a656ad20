import { expect } from 'chai'
import { jsonValue } from '../../../lib/runtime/view/json-value.ts'

describe('a stored value as JSON', () => {
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ['plain fields', { a: 1, b: ['x', null, true] }, { a: 1, b: ['x', null, true] }],
    ['long integers', { n: 2n ** 60n }, { n: '1152921504606846976' }],
    ['numbers that JSON has not', [Number.NaN, Number.POSITIVE_INFINITY], ['NaN', 'Infinity']],
    ['dates', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['dates that are none', new Date(Number.NaN), null],
    ['bytes', Buffer.from('hi'), 'aGk='],
    ['bytes that come from another thread', new Uint8Array([104, 105]), 'aGk='],
    [
      'maps',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Map([['b', 3n]])],
      ]),
      { a: 1, 2: { b: '3' } },
    ],
    ['maps of objects', new Map([[{ a: 1 }, 2]]), { '{"a":1}': 2 }],
    ['sets', new Set([1, new Date(0)]), [1, '1970-01-01T00:00:00.000Z']],
    ['what is not there', { a: undefined, b: () => 1 }, { a: null, b: null }],
  ]
  for (const [what, value, expected] of cases) {
    it(`should have ${what}`, () => {
      expect(JSON.parse(JSON.stringify(jsonValue(value)))).to.deep.equal(expected)
    })
  }

  it('should keep a field that objects reserve', () => {
    const value = JSON.parse('{"__proto__": {"admin": true}}')
    expect(JSON.stringify(jsonValue(value))).to.equal('{"__proto__":{"admin":true}}')
  })
})
