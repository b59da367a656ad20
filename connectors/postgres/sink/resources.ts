import type { Resource } from '../../../lib/ports.ts'
import type { Database } from '../connection.ts'
import { schemaResource, tableResource } from '../table-resource.ts'
import { generationResources } from './generations.ts'
import { indexResource } from './index-resource.ts'
import { positionsResource } from './positions.ts'
import { type StoredTable, tableDefinition } from './stored-table.ts'

/** Generation, positions, schema, table, indexes: each needs the ones before. */
export function resourcesOf(
  database: Database,
  stored: StoredTable,
  application: string,
): readonly Resource[] {
  return [
    ...generationResources(database, application),
    positionsResource(database),
    schemaResource(database, stored.schema),
    tableResource(database, tableDefinition(stored)),
    ...stored.target.indexes.map(({ column }) => indexResource(database, stored, column)),
  ]
}
