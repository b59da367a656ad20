import { expect } from 'chai'
import { fingerprintOf, normalised } from '../../lib/dead-letters/fingerprint.ts'

describe('the fingerprint of a dead letter', () => {
  const alike: readonly (readonly [string, string, string])[] = [
    ['numbers', 'timestamp 1700000000000 is 37.5 ms ahead', 'timestamp <n> is <n> ms ahead'],
    ['quoted values', 'unknown currency "EU\\"R" in \'FR\' of `x y`', 'unknown currency "…" in \'…\' of `…`'],
    ['uuids', 'no user 2f1c1f6a-3b1e-4f0a-9d52-0d8f6c1a2b3c', 'no user <uuid>'],
    ['times', 'born 2031-02-03T04:05:06.789Z, after 2026-01-01', 'born <time>, after <time>'],
    ['addresses', 'no mail to ada@example.org', 'no mail to <address>'],
    ['long hexadecimal ids', 'schema deadbeef01 of 7f00aa11bb', 'schema <id> of <id>'],
  ]
  for (const [what, reason, expected] of alike) {
    it(`should leave out ${what}`, () => expect(normalised(reason)).to.equal(expected))
  }

  it('should keep words, apostrophes and names', () => {
    const reason = "TypeError: can't read properties of undefined (reading 'date'), it isn't there"
    expect(normalised(reason)).to.equal(
      "TypeError: can't read properties of undefined (reading '…'), it isn't there",
    )
    expect(normalised('added to the facade')).to.equal('added to the facade')
  })

  it('should be the same for one kind only, in eight digits', () => {
    const letter = { step: 'priced', code: 'REJECTED', reason: 'order 7 has no total' }
    const fingerprint = fingerprintOf(letter)
    expect(fingerprint).to.match(/^[0-9a-f]{8}$/)
    expect(fingerprintOf({ ...letter, reason: 'order 1,208 has no total' })).to.equal(fingerprint)
    expect(fingerprintOf({ ...letter, reason: 'order 7 has no name' })).to.not.equal(fingerprint)
    expect(fingerprintOf({ ...letter, step: 'named' })).to.not.equal(fingerprint)
    expect(fingerprintOf({ ...letter, code: 'STEP' })).to.not.equal(fingerprint)
  })
})
