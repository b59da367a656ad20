import { deserialize, serialize } from 'node:v8'
import { expect } from 'chai'
import { valueHash } from '../../lib/contract/value-hash.ts'

const hex = (value: unknown) => valueHash(value).toString('hex')

describe('value hash', () => {
  it('should be the same for equal values, however they lie in memory', () => {
    const place = (v: number) => ({ v })
    const whole = place(5)
    place(0.5)
    const other = deserialize(serialize(place(5)))
    expect(hex(other)).to.equal(hex(whole))
    expect(hex({ a: 1, b: 2 })).to.equal(hex({ b: 2, a: 1 }))
    expect(hex(Buffer.from('ab'))).to.equal(hex(new Uint8Array([97, 98])))
  })

  it('should be another for other values', () => {
    const values: unknown[] = [
      null,
      'null',
      '',
      0,
      '0',
      0n,
      false,
      Number.NaN,
      [],
      [[]],
      [0],
      ['a', 'b'],
      ['a,b'],
      {},
      { a: 'b' },
      { a: { b: 1 } },
      { 'a":"b': 1 },
      new Date(0),
      new Date(1),
      new Map([['a', 1]]),
      new Set(['a']),
      Buffer.from('a'),
    ]
    const hashes = new Map(values.map((value) => [hex(value), value]))
    expect(hashes.size).to.equal(values.length)
    expect(valueHash('a')).to.have.lengthOf(16)
  })
})
