import { expect } from 'chai'
import { countryData } from '../../../../connectors/postgres/lookup/country-data.ts'

/** The nationalities of the Random User API 1.4, but for LEGO. */
const nationalities = 'AU BR CA CH DE DK ES FI FR GB IE IN IR MX NL NO NZ RS TR UA US'.split(' ')

describe('the data of reference.countries', () => {
  const countries = new Map(countryData().map((country) => [country.country_code, country]))

  it('should hold every nationality of the Random User API, complete', () => {
    for (const code of nationalities) {
      const country = countries.get(code)!
      expect(Object.keys(country)).to.have.length(5)
      expect(country.continent, code).to.match(/^(Europe|Asia|Oceania|North America|South America)$/)
      expect(country.currency, code).to.match(/^[A-Z]{3}$/)
      expect(country.calling_code, code).to.match(/^\+[0-9]{1,3}$/)
    }
  })

  it('should not know LEGO', () => {
    expect(countries.has('LEGO')).to.equal(false)
  })

  it('should name the main continent and the first currency and calling code', () => {
    expect(countries.get('GB')).to.deep.equal({
      country_code: 'GB',
      name: 'United Kingdom',
      continent: 'Europe',
      currency: 'GBP',
      calling_code: '+44',
    })
    expect(countries.get('TR')).to.include({ continent: 'Asia' })
    expect(countries.get('CH')).to.include({ currency: 'CHF' })
    expect(countries.get('DO')).to.include({ calling_code: '+1809' })
    expect(countries.get('AQ')).to.include({ currency: null })
  })
})
