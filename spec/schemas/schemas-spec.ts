import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type Contract, contractFile } from '../../lib/contract/avro.ts'
import { parseAvro } from '../../lib/contract/guarded-types.ts'
import { sensitiveFields } from '../../lib/contract/sensitive-fields.ts'
import { typeScriptOf } from '../../lib/contract/types.ts'

const folder = new URL('../../schemas/', import.meta.url)
const contracts = readdirSync(folder)
  .filter((file) => file.endsWith('.avsc'))
  .map((file) => contractFile<unknown>(new URL(file, folder)))
const names = [...new Set(contracts.map(({ name }) => name))]

const versionsOf = (name: string): readonly Contract<unknown>[] =>
  contracts.filter((each) => each.name === name).toSorted((a, b) => a.version - b.version)

describe('schemas', () => {
  it('should hold the contracts of the pipeline', () => {
    expect(names).to.include.members(['random-user', 'user-insight', 'user-count', 'late-user'])
  })

  for (const name of names) {
    const versions = versionsOf(name)
    const latest = versions.at(-1)!

    it(`${name} should be numbered from 1 without gaps`, () => {
      expect(versions.map(({ version }) => version)).to.deep.equal(versions.map((_, i) => i + 1))
    })

    it(`each version of ${name} should read all earlier ones, and itself as a registry gives it`, () => {
      for (const reader of versions) {
        for (const writer of versions.slice(0, reader.version)) {
          expect(() =>
            reader.type.createResolver(parseAvro(JSON.parse(writer.text), 'always')),
          ).not.to.throw()
        }
      }
    })

    it(`${name}.ts should be what is generated from v${latest.version}`, () => {
      expect(readFileSync(new URL(`${name}.ts`, folder), 'utf8')).to.equal(typeScriptOf(latest))
    })
  }

  it('user-insight should carry the fields of the design, in their order', () => {
    const { fields } = contracts.find(({ name }) => name === 'user-insight')!.schema as {
      fields: { name: string }[]
    }
    expect(fields.map(({ name }) => name)).to.deep.equal(
      [
        'user_id full_name first_name last_name title gender email email_domain username birth_date age age_band',
        'registered_at tenure_days phone cell city state country country_code postcode latitude longitude',
        'utc_offset_minutes continent currency calling_code picture_url run_id fetched_at source',
      ].flatMap((line) => line.split(' ')),
    )
  })

  it('should tag what is personal', () => {
    const tagged = (name: string) => [
      ...sensitiveFields(contracts.find((each) => each.name === name)!).keys(),
    ]
    expect(tagged('random-user')).to.include.members([
      'email',
      'name.last',
      'dob.date',
      'location.coordinates.latitude',
    ])
    expect(tagged('user-insight')).to.include.members([
      'email',
      'full_name',
      'birth_date',
      'phone',
      'latitude',
    ])
  })
})
