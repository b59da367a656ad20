import { expect } from 'chai'
import { double } from '../../../lib/contract/structured.ts'
import { bytesKey, json, type Serde, stringKey, windowedKey } from '../../../lib/index.ts'
import { keyOf } from '../../../lib/runtime/view/key-text.ts'
import { failureOf } from '../../contract/failure-of.ts'

describe('a key as a URL has it', () => {
  it('should be the text itself where keys are texts, digits too', () => {
    expect(keyOf(stringKey, '12')).to.equal('12')
    expect(keyOf(stringKey, '"a"')).to.equal('"a"')
  })

  it('should be base64 where keys are bytes', () => {
    expect(keyOf(bytesKey, 'aGk=')).to.deep.equal(Buffer.from('hi'))
  })

  it('should be JSON where keys are', () => {
    expect(keyOf(json(), '12')).to.equal(12)
    expect(keyOf(json(), '{"a":[1]}')).to.deep.equal({ a: [1] })
    expect(keyOf(json(), 'null')).to.equal(null)
    expect(failureOf(() => keyOf(json(), 'a')).message).to.match(
      /write it as JSON \(JSON\), texts in quotes$/,
    )
  })

  it('should be what a format that does not say what it writes can encode', () => {
    expect(keyOf(double, '1.5')).to.equal(1.5)
    expect(keyOf(windowedKey(), '{"key":"a","start":0,"end":10}')).to.deep.equal({
      key: 'a',
      start: 0,
      end: 10,
    })
    const upper: Serde<string> = {
      encode: (key) => Buffer.from(key.toUpperCase()),
      decode: (bytes) => String(bytes),
    }
    expect(keyOf(upper as Serde<unknown>, '12')).to.equal('12')
    expect(failureOf(() => keyOf(windowedKey(), 'a')).message).to.match(/write it as JSON$/)
  })
})
