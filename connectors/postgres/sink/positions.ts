import { MillraceError } from '../../../lib/errors.ts'
import type { Resource } from '../../../lib/ports.ts'
import type { Position } from '../../../lib/record.ts'
import type { Database } from '../connection.ts'
import { databaseError } from '../database-error.ts'
import { type TableDefinition, tableResource } from '../table-resource.ts'
import { type Patience, runStatement } from './run-statement.ts'

/**
 * How far each task has come with each sink, beside the rows. `epoch` is raised whenever the task is taken, `batch` by
 * each write: who writes compares both, so nobody writes for a task that another has taken, and nothing is written
 * twice.
 */
const POSITIONS: TableDefinition = {
  name: 'millrace.sink_positions',
  columns: {
    application: 'text',
    step: 'text',
    task: 'text',
    epoch: 'bigint',
    batch: 'bigint',
    positions: 'jsonb',
  },
  constraints: { epoch: 'not null', batch: 'not null', positions: 'not null' },
  primaryKey: ['application', 'step', 'task'],
}

/** In the schema that holds the generations, too. */
export function positionsResource(database: Database): Resource {
  return tableResource(database, POSITIONS)
}

/** Whose writes: a task's, to a sink of an application. */
export interface Taker {
  readonly application: string
  readonly step: string
  readonly task: string
}

/** What a write compares. */
export interface Held {
  readonly epoch: number
  readonly batch: number
}

/**
 * Raises the epoch, and returns what is there under it.
 * @throws {MillraceError} `MISSING` if `apply` has not been run, `UNREACHABLE` when it is worth trying again.
 */
export async function raiseEpoch(
  database: Database,
  { application, step, task }: Taker,
): Promise<Held & { readonly positions: readonly Position[] }> {
  const [row] = await database.query<StoredPositions>(
    `take sink "${step}" for task ${task}`,
    `insert into ${POSITIONS.name} as held (application, step, task, epoch, batch, positions)
     values ($1, $2, $3, 1, 0, '{}')
       on conflict (application, step, task) do update set epoch = held.epoch + 1
     returning epoch, batch, positions`,
    [application, step, task],
  )
  const { epoch, batch, positions } = row!
  return { epoch: Number(epoch), batch: Number(batch), positions: fromStored(positions) }
}

/** What is there now; undefined if it is gone. */
export async function readHeld(
  database: Database,
  { application, step, task }: Taker,
  patience: Patience,
): Promise<Held | undefined> {
  const doing = `look how far sink "${step}" is`
  const statement = {
    text: `select epoch, batch from ${POSITIONS.name} where application = $1 and step = $2 and task = $3`,
    values: [application, step, task],
  }
  const [row] = await runStatement<StoredPositions>(database, doing, statement, patience).catch(
    (error: unknown) => {
      throw databaseError(error, doing, database.server)
    },
  )
  return row && { epoch: Number(row.epoch), batch: Number(row.batch) }
}

/** The rows stay, with a raised epoch: who has taken a task before must not find the epoch that it knows. */
export async function forgetPositions(database: Database, application: string): Promise<void> {
  await database.query(
    'forget the positions of sinks',
    `update ${POSITIONS.name} set epoch = epoch + 1, positions = '{}' where application = $1`,
    [application],
  )
}

/**
 * The writes of `upsert`, and the positions behind them: both, or nothing where another has taken the task or this
 * batch has been written before. One statement is one transaction, so no connection can be lost in the middle of it.
 * Parameters: those of the upsert, then of `fenceOf`.
 *
 * @param upsert is given the condition under which it may write.
 * @param first number of the first parameter behind the upsert's own.
 */
export function fencedStatement(upsert: (condition: string) => string, first: number): string {
  const parameter = (index: number) => `$${first + index}`
  return `with kept as (
      update ${POSITIONS.name}
         set batch = batch + 1, positions = positions || ${parameter(5)}::jsonb
       where application = ${parameter(0)} and step = ${parameter(1)} and task = ${parameter(2)}
         and epoch = ${parameter(3)} and batch = ${parameter(4)}
      returning true),
    written as (${upsert('exists (select from kept)')})
    select exists (select from kept) as kept`
}

export function fenceOf(taker: Taker, held: Held, positions: readonly Position[]): unknown[] {
  const { application, step, task } = taker
  return [application, step, task, held.epoch, held.batch, toStored(positions)]
}

export function fenced({ application, step, task }: Taker): MillraceError {
  return new MillraceError('FENCED', `another worker writes to sink "${step}" for task ${task} now`, {
    application,
    step,
  })
}

interface StoredPositions {
  readonly epoch: string
  readonly batch: string
  readonly positions: Readonly<Record<string, number>>
}

/** `topic/partition` → offset: no topic has a slash in its name. */
function toStored(positions: readonly Position[]): string {
  return JSON.stringify(
    Object.fromEntries(positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset])),
  )
}

function fromStored(stored: StoredPositions['positions']): Position[] {
  return Object.entries(stored).map(([place, offset]) => {
    const [topic = '', partition] = place.split('/')
    return { topic, partition: Number(partition), offset }
  })
}
