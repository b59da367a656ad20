import { expect } from 'chai'
import { degrees, postcodeText } from '../../topologies/insight/place.ts'
import { domainOf, isUuid, tidy, trimmed } from '../../topologies/insight/text.ts'
import { ageAt, ageBand, dayOf, instantOf, offsetMinutes, wholeDays } from '../../topologies/insight/time.ts'

const at = (text: string) => Date.parse(text)
const born = (text: string) => dayOf(at(text))

describe('user insight: text', () => {
  it('should trim, collapse inner white space and compose to NFC', () => {
    expect(tidy('  Rue\u00a0 \t du  Cafe\u0301 ')).to.equal('Rue du Café')
    expect(tidy('   ')).to.equal(null)
    expect(tidy(undefined)).to.equal(null)
  })

  it('should only trim a telephone number', () => {
    expect(trimmed(' (86)  1362-9787 ')).to.equal('(86)  1362-9787')
  })

  it('should take as domain what follows the last @', () => {
    expect(domainOf('"a@b"@example.com')).to.equal('example.com')
    expect(domainOf('nobody')).to.equal(null)
    expect(domainOf('nobody@')).to.equal(null)
  })

  it('should know a uuid in either case from anything else', () => {
    expect(isUuid('89413e6b-279a-419b-a69c-3f60da35a4fb')).to.equal(true)
    expect(isUuid('89413E6B-279A-419B-A69C-3F60DA35A4FB')).to.equal(true)
    expect(isUuid('89413e6b279a419ba69c3f60da35a4fb')).to.equal(false)
    expect(isUuid('89413e6b-279a-419b-a69c-3f60da35a4fg')).to.equal(false)
  })
})

describe('user insight: time', () => {
  it('should count whole years to the record, not to now', () => {
    expect(ageAt(born('1999-04-16T03:52:17Z'), at('2026-04-15T23:59:59Z'))).to.equal(26)
    expect(ageAt(born('1999-04-16T03:52:17Z'), at('2026-04-16T00:00:00Z'))).to.equal(27)
  })

  it('should let who was born on 29 February turn on 1 March in common years', () => {
    expect(ageAt(born('2004-02-29T12:00:00Z'), at('2026-02-28T23:59:59Z'))).to.equal(21)
    expect(ageAt(born('2004-02-29T12:00:00Z'), at('2026-03-01T00:00:00Z'))).to.equal(22)
    expect(ageAt(born('2004-02-29T12:00:00Z'), at('2028-02-29T00:00:00Z'))).to.equal(24)
  })

  it('should put the ages at the edges into their bands', () => {
    const bands = [0, 17, 18, 24, 25, 34, 35, 44, 45, 54, 55, 64, 65, 120].map(ageBand)
    expect(bands).to.deep.equal([
      ...['0-17', '0-17', '18-24', '18-24', '25-34', '25-34', '35-44', '35-44'],
      ...['45-54', '45-54', '55-64', '55-64', '65+', '65+'],
    ])
  })

  it('should take the UTC date, before 1970 too', () => {
    expect(dayOf(at('1944-09-14T22:19:25.537Z'))).to.equal(-9240)
    expect(dayOf(0)).to.equal(0)
  })

  it('should tell an absent instant from a wrong one', () => {
    expect(instantOf(null)).to.equal(undefined)
    expect(instantOf(' ')).to.equal(undefined)
    expect(instantOf('yesterday')).to.be.NaN
    expect(instantOf('2026-13-45')).to.be.NaN
    expect(instantOf('5')).to.be.NaN
  })

  it('should count whole days of tenure', () => {
    expect(wholeDays(at('2026-01-01T12:00:00Z'), at('2026-01-03T11:59:59Z'))).to.equal(1)
    expect(Object.is(wholeDays(1, 0), 0)).to.equal(true)
  })

  it('should read offsets with and without a sign', () => {
    expect(['+9:30', '-3:30', '0:00', '+11:00', '-12:00', '-0:30'].map(offsetMinutes)).to.deep.equal([
      570, -210, 0, 660, -720, -30,
    ])
    expect(['', 'UTC', '+9', '+9:75', undefined].map(offsetMinutes)).to.deep.equal([
      null,
      null,
      null,
      null,
      null,
    ])
  })
})

describe('user insight: place', () => {
  it('should take coordinates as numbers, null if not finite or out of range', () => {
    expect(degrees('-74.8799', 90)).to.equal(-74.8799)
    expect(degrees('-90.0001', 90)).to.equal(null)
    expect(degrees('180', 180)).to.equal(180)
    expect(['NaN', 'Infinity', '', ' ', 'north', null].map((text) => degrees(text, 90))).to.deep.equal(
      new Array(6).fill(null),
    )
  })

  it('should make every postcode text', () => {
    expect([73146, 'K1A  0B1', '', null].map(postcodeText)).to.deep.equal(['73146', 'K1A  0B1', null, null])
  })
})
