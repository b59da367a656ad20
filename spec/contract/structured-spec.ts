import { serialize } from 'node:v8'
import { expect } from 'chai'
import { structured } from '../../lib/contract/structured.ts'
import { MillraceError } from '../../lib/errors.ts'
import { failureOf } from './failure-of.ts'

const { encode, decode } = structured<unknown>()

/** On both sides of what is written without V8's own code: length 127, and characters of one byte. */
const TEXTS = ['', 'DE', 'é', 'ÿ'.repeat(127), 'x'.repeat(127), 'x'.repeat(128), 'Ā', 'a€', '😀', '\0', '"']

describe('structured', () => {
  for (const text of TEXTS) {
    it(`should write ${text.length} characters from ${JSON.stringify(text.slice(0, 2))} as V8 does, and read them`, () => {
      expect(encode(text)).to.deep.equal(serialize(text))
      expect(decode(encode(text))).to.equal(text)
      expect(decode(serialize(text))).to.equal(text)
    })
  }

  it('should keep whatever else can be cloned', () => {
    const value = { at: new Date(5), big: 2n ** 70n, more: new Map([['a', [1, null, undefined, 0.5]]]) }
    expect(decode(encode(value))).to.deep.equal(value)
  })

  it('should refuse what is cut short, or was written by something else', () => {
    for (const bytes of [encode('text').subarray(0, -1), Buffer.from('text'), Buffer.alloc(0)])
      expect(failureOf(() => decode(bytes)))
        .to.be.instanceOf(MillraceError)
        .and.include({ code: 'POISON' })
  })

  it('should refuse what no store can keep, without saying what it is', () => {
    const error = failureOf(() => encode({ secret: () => 'secret' }))
    expect(error).to.include({ code: 'REJECTED' })
    expect(error.message).not.to.contain('secret')
  })
})
