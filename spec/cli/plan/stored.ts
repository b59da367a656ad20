import { cassandra } from '../../../connectors/cassandra/index.ts'
import { kafka } from '../../../connectors/kafka/index.ts'
import { contract, map, sink, topology } from '../../../lib/index.ts'

const { SPEC_NAME = 'planned', SECONDS_TYPE = 'int', WITH_COLUMN } = process.env

interface Visit {
  readonly page: string
  readonly seconds: number
}

const schema = {
  type: 'record',
  name: 'Visit',
  namespace: 'planned',
  fields: [
    { name: 'page', type: 'string' },
    { name: 'seconds', type: SECONDS_TYPE },
  ],
}
const value = contract<Visit>({ name: 'visit', version: 1, schema })
const columns = { page: 'text', seconds: 'int', ...(WITH_COLUMN && { [WITH_COLUMN]: 'text' }) } as const

/** On real servers; another version of it by variables: of a contract, and of a table. */
export default topology(SPEC_NAME, ({ source }) => {
  source('visits', kafka(`${SPEC_NAME}.in`, { value, partitions: 1 })).pipe(
    map('row', ({ page, seconds }) => ({ page, seconds })),
    sink('stored', cassandra('visits', { columns, primaryKey: { partition: ['page'] } })),
  )
})
