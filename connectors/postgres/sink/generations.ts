import { MillraceError } from '../../../lib/errors.ts'
import type { Resource } from '../../../lib/ports.ts'
import { LARGEST_GENERATION } from '../../../lib/table/write-clock.ts'
import type { Database } from '../connection.ts'
import { schemaResource, type TableDefinition, tableResource } from '../table-resource.ts'

/** Holds each application's generation, the last three digits of its write clock. */
const GENERATIONS: TableDefinition = {
  name: 'millrace.generations',
  columns: { application: 'text', generation: 'integer' },
  constraints: { generation: 'not null' },
  primaryKey: ['application'],
}

/** Schema, table and the application's row. */
export function generationResources(database: Database, application: string): readonly Resource[] {
  const table = tableResource(database, GENERATIONS)
  const row: Resource = {
    kind: 'generation',
    name: `${GENERATIONS.name}/${application}`,
    inspect: async () => {
      if ((await table.inspect()) !== 'present') return 'missing'
      return (await findGeneration(database, application)) === undefined ? 'missing' : 'present'
    },
    create: async () => {
      await database.query(
        'create the generation',
        `insert into ${GENERATIONS.name} (application, generation) values ($1, 0) on conflict do nothing`,
        [application],
      )
    },
  }
  return [schemaResource(database, 'millrace'), table, row]
}

/**
 * @throws {MillraceError} `MISSING` if `apply` has not been run for the application, `DATA_LOSS` above 999, from
 * where on a raised generation would run into the next millisecond.
 */
export async function readGeneration(database: Database, application: string): Promise<number> {
  const found = await findGeneration(database, application)
  if (found === undefined) {
    throw new MillraceError(
      'MISSING',
      `application "${application}" has no generation in ${GENERATIONS.name}. Create it with: millrace apply`,
      { application },
    )
  }
  if (found > LARGEST_GENERATION) throw exhausted(application)
  return found
}

/**
 * Raises it by one, by compare-and-set: what is written from now on wins over equal record times written before.
 * @throws {MillraceError} `DATA_LOSS` above 999, `FENCED` if another process raised it meanwhile.
 */
export async function raiseGeneration(database: Database, application: string): Promise<number> {
  const current = await readGeneration(database, application)
  if (current === LARGEST_GENERATION) throw exhausted(application)
  const raised = await database.query(
    'raise the generation',
    `update ${GENERATIONS.name} set generation = $3 where application = $1 and generation = $2 returning application`,
    [application, current, current + 1],
  )
  if (raised.length === 1) return current + 1
  throw new MillraceError('FENCED', `another process raised the generation of application "${application}"`, {
    application,
  })
}

async function findGeneration(database: Database, application: string): Promise<number | undefined> {
  const [row] = await database.query<{ generation: number }>(
    'read the generation',
    `select generation from ${GENERATIONS.name} where application = $1`,
    [application],
  )
  return row?.generation
}

function exhausted(application: string): MillraceError {
  return new MillraceError(
    'DATA_LOSS',
    `application "${application}" has used up its ${LARGEST_GENERATION} generations in ${GENERATIONS.name}: give it a new application id and new tables`,
    { application },
  )
}
