import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import { requireAlike } from '../../lib/runtime/require-alike.ts'
import { fingerprintOf } from '../../lib/topology/fingerprint.ts'
import { withGuarantee } from '../../lib/topology/guarantee.ts'
import { visitsByCountry } from '../support/visits.ts'

const owner = (fingerprint?: string) => ({
  endpoint: undefined,
  active: [],
  standbys: [],
  ...(fingerprint === undefined ? {} : { fingerprint }),
})

describe('members of a group that run the same', () => {
  it('should be those of the same steps and guarantee', () => {
    const one = visitsByCountry('one')
    expect(fingerprintOf(one)).to.equal(fingerprintOf(visitsByCountry('one')))
    expect(fingerprintOf(one)).to.not.equal(fingerprintOf(visitsByCountry('other')))
    expect(fingerprintOf(one)).to.not.equal(fingerprintOf(withGuarantee(one, 'exactly-once')))
  })

  it('should let in who runs the same, and who does not say', () => {
    expect(requireAlike([owner('a'), owner('a'), owner()], 'a', 'app', false)).to.equal(true)
  })

  it('should refuse who comes with something else, and keep who was there', () => {
    expect(() => requireAlike([owner('a'), owner('b')], 'b', 'app', false)).to.throw(
      MillraceError,
      'application "app" is running with another topology or guarantee',
    )
    expect(requireAlike([owner('a'), owner('b')], 'a', 'app', true)).to.equal(false)
  })
})
