import { continents, countries } from 'countries-list'

/** A row of `reference.countries`. */
export interface Country {
  /** ISO 3166-1 alpha-2, e.g. `GB`. */
  readonly country_code: string
  readonly name: string
  /** In English, e.g. `Europe`; the main one of a country on two continents. */
  readonly continent: string
  /** ISO 4217; the first of several. Null for Antarctica. */
  readonly currency: string | null
  /** With a plus, e.g. `+44`; the first of several. */
  readonly calling_code: string | null
}

/** All countries of the package `countries-list`, by code. */
export function countryData(): Country[] {
  return Object.entries(countries).map(([code, country]) => ({
    country_code: code,
    name: country.name,
    continent: continents[country.continent],
    currency: country.currency[0] ?? null,
    calling_code: country.phone[0] === undefined ? null : `+${country.phone[0]}`,
  }))
}
