import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { contract } from '../../lib/contract/avro.ts'
import { typeScriptOf } from '../../lib/contract/types.ts'

describe('typeScriptOf', () => {
  it('should declare every named type once, units in comments, null last', () => {
    const level = { type: 'enum', name: 'Level', symbols: ['low', 'high'] }
    const place = {
      type: 'record',
      name: 'x.y.Place',
      doc: 'Where. */',
      fields: [{ name: 'city', type: 'string' }],
    }
    const schema = {
      type: 'record',
      name: 'Visit',
      fields: [
        { name: 'id', type: { type: 'string', logicalType: 'uuid' } },
        {
          name: 'at',
          type: ['null', { type: 'long', logicalType: 'timestamp-millis' }],
          default: null,
          doc: 'arrival',
        },
        { name: 'from', type: place },
        { name: 'to', type: ['null', 'x.y.Place'] },
        { name: 'levels', type: { type: 'array', items: level } },
        { name: 'last', type: 'Level' },
        { name: 'notes', type: { type: 'map', values: ['null', 'bytes'] } },
      ],
    }
    expect(typeScriptOf(contract({ name: 'shop-visit', version: 3, schema }), 'millrace')).to.equal(
      `// Generated from shop-visit.v3.avsc by \`millrace types\`: change the schema, not this file.
import { contractFile } from 'millrace'

export interface Visit {
  /** uuid */
  readonly id: string
  /** milliseconds since 1970 UTC; arrival */
  readonly at: number | null
  readonly from: Place
  readonly to: Place | null
  readonly levels: ReadonlyArray<Level>
  readonly last: Level
  readonly notes: Readonly<Record<string, Buffer | null>>
}

export type Level = 'low' | 'high'

/** Where. * / */
export interface Place {
  readonly city: string
}

export const shopVisit = contractFile<Visit>(new URL('./shop-visit.v3.avsc', import.meta.url))
`,
    )
  })

  it('should be valid TypeScript where it is used: see schemas/', () => {
    const generated = readFileSync(new URL('../../schemas/random-user.ts', import.meta.url), 'utf8')
    expect(generated).to.contain('export interface RandomUser {')
  })
})
