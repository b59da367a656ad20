import type { Resource } from '../../../lib/ports.ts'
import type { Database } from '../connection.ts'
import { schemaResource, tableResource } from '../table-resource.ts'
import { countryData } from './country-data.ts'

export const COUNTRIES = 'reference.countries'

/** Schema, table and rows of `reference.countries`. */
export function countryResources(database: Database): readonly Resource[] {
  const table = tableResource(database, {
    name: COUNTRIES,
    columns: {
      country_code: 'text',
      name: 'text',
      continent: 'text',
      currency: 'text',
      calling_code: 'text',
    },
    constraints: { country_code: 'primary key', name: 'not null', continent: 'not null' },
  })
  return [schemaResource(database, 'reference'), table, countryRows(database, table)]
}

/** Once there is a row, the rows are the user's: what they change, add or remove stays as it is. */
function countryRows(database: Database, table: Resource): Resource {
  return {
    kind: 'reference data',
    name: COUNTRIES,
    inspect: async () => {
      if ((await table.inspect()) === 'missing') return 'missing'
      const found = await database.query(`look into ${COUNTRIES}`, `select from ${COUNTRIES} limit 1`)
      return found.length === 0 ? 'missing' : 'present'
    },
    create: async () => {
      await database.query(
        `fill ${COUNTRIES}`,
        `insert into ${COUNTRIES} (country_code, name, continent, currency, calling_code)
         select country_code, name, continent, currency, calling_code
           from jsonb_to_recordset($1) as given
             (country_code text, name text, continent text, currency text, calling_code text)
         on conflict (country_code) do nothing`,
        [JSON.stringify(countryData())],
      )
    },
  }
}
