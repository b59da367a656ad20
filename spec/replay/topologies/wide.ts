import { kafka } from '../../../connectors/kafka/index.ts'
import { postgres } from '../../../connectors/postgres/index.ts'
import { json, sink, topology } from '../../../lib/index.ts'

export interface Wide {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly city: string
  readonly note: string
  readonly age: number
  readonly band: string
  readonly registered: number
  readonly latitude: number
}

const value = json<Wide>()

export const wideTable = postgres('wide', {
  columns: {
    id: 'text',
    name: 'text',
    email: 'text',
    city: 'text',
    note: 'text',
    age: 'int',
    band: 'text',
    registered: 'timestamp',
    latitude: 'double',
  },
  primaryKey: ['id'],
})

/** Rows of some 400 bytes, into a topic and a table. */
export default topology('wide', ({ source }) => {
  const rows = source('in', kafka('wide-in', { value }))
  rows.pipe(sink('topic', kafka('wide-out', { value })))
  rows.pipe(sink('table', wideTable))
})
