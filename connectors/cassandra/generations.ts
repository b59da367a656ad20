import { MillraceError } from '../../lib/errors.ts'
import { LARGEST_GENERATION } from '../../lib/table/write-clock.ts'
import type { Connection } from './connection.ts'
import { type CassandraTarget, cassandra } from './table.ts'

/** Holds each application's generation, the last three digits of its write clock. */
export const GENERATIONS: CassandraTarget = cassandra('millrace_generations', {
  columns: { application: 'text', generation: 'int' },
  primaryKey: { partition: ['application'] },
})

/**
 * @throws {MillraceError} `MISSING` if `apply` has not been run for the application, `DATA_LOSS` above 999, from
 * where on a raised generation would run into the next millisecond.
 */
export async function readGeneration(connection: Connection, application: string): Promise<number> {
  const found = await findGeneration(connection, application)
  if (found === undefined) {
    throw new MillraceError(
      'MISSING',
      `application "${application}" has no generation in ${table(connection)}. Create it with: millrace apply`,
      { application },
    )
  }
  if (found > LARGEST_GENERATION) throw exhausted(connection, application)
  return found
}

export async function findGeneration(
  connection: Connection,
  application: string,
): Promise<number | undefined> {
  const rows = await connection.query(
    'read the generation',
    `SELECT generation FROM ${table(connection)} WHERE application = ?`,
    [application],
  )
  return rows[0]?.generation as number | undefined
}

/** Generation 0, unless there is one. */
export async function createGeneration(connection: Connection, application: string): Promise<void> {
  await connection.query(
    'create the generation',
    `INSERT INTO ${table(connection)} (application, generation) VALUES (?, 0) IF NOT EXISTS`,
    [application],
  )
}

/**
 * Raises it by one, by compare-and-set: what is written from now on wins over equal record times written before.
 * @throws {MillraceError} `DATA_LOSS` above 999, `FENCED` if another process raised it meanwhile.
 */
export async function raiseGeneration(connection: Connection, application: string): Promise<number> {
  const current = await readGeneration(connection, application)
  if (current === LARGEST_GENERATION) throw exhausted(connection, application)
  const rows = await connection.query(
    'raise the generation',
    `UPDATE ${table(connection)} SET generation = ? WHERE application = ? IF generation = ?`,
    [current + 1, application, current],
  )
  if (rows[0]?.['[applied]'] === true) return current + 1
  throw new MillraceError('FENCED', `another process raised the generation of application "${application}"`, {
    application,
  })
}

function exhausted(connection: Connection, application: string): MillraceError {
  return new MillraceError(
    'DATA_LOSS',
    `application "${application}" has used up its ${LARGEST_GENERATION} generations in ${table(connection)}: give it a new application id and new tables`,
    { application },
  )
}

function table({ keyspace }: Connection): string {
  return `"${keyspace}"."${GENERATIONS.name}"`
}
