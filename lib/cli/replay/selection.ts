import { openDatabase } from '../../../connectors/postgres/connection.ts'
import { MillraceError } from '../../errors.ts'
import type { RawRecord } from '../../record.ts'
import { type Bound, bound } from '../../replay/bound.ts'
import type { Topology } from '../../topology/nodes.ts'
import { storesOf } from '../../topology/stores-of.ts'

export interface SelectionFlags {
  readonly from?: string
  readonly to?: string
  readonly run?: string
  readonly key?: string
  readonly into?: string
  readonly rewrite?: boolean
  readonly name?: string
}

export interface Selection {
  readonly from: Bound
  readonly to: Bound
  readonly keep: ((record: RawRecord) => boolean) | undefined
  /** The same for the same selection, at whatever time it is said. */
  readonly text: string
}

/** @throws MillraceError `CONFIG` for what can't be meant, `MISSING` for a run that is not in the history. */
export async function selectionOf(
  flags: SelectionFlags,
  topology: Topology,
  databaseUrl: string | undefined,
): Promise<Selection> {
  const { run, key, into, rewrite, name } = flags
  if (rewrite && into !== undefined) {
    throw new MillraceError('CONFIG', '--rewrite goes into the live tables, and --into leaves them alone')
  }
  if (name !== undefined && into !== undefined) {
    throw new MillraceError('CONFIG', '--into names the replay too: leave out --name')
  }
  if (run !== undefined && (flags.from ?? flags.to) !== undefined) {
    throw new MillraceError('CONFIG', '--run says from when to when: leave out --from and --to')
  }
  const said = { from: flags.from ?? 'earliest', to: flags.to ?? 'latest' }
  const now = Date.now()
  const range =
    run === undefined
      ? { from: bound(said.from, '--from', now), to: bound(said.to, '--to', now) }
      : await timesOf(run, databaseUrl)
  if (key !== undefined && into === undefined) requireNoState(topology)
  const text = [
    ...(run === undefined ? [`--from ${said.from}`, `--to ${said.to}`] : [`--run ${run}`]),
    ...(key === undefined ? [] : [`--key ${key}`]),
    ...(into === undefined ? [] : [`--into ${into}`]),
  ].join(' ')
  return { ...range, keep: key === undefined ? undefined : hasKey(key), text }
}

function hasKey(text: string) {
  const wanted = Buffer.from(text)
  return ({ key }: RawRecord): boolean => key?.equals(wanted) === true
}

function requireNoState({ nodes }: Topology): void {
  const keeps = nodes.find((node) => storesOf(node).length > 0)
  if (keeps === undefined) return
  throw new MillraceError(
    'DATA_LOSS',
    `step "${keeps.name}" keeps state, and would know of one key alone: its results would replace those of all keys. Replay --into a shadow of its own`,
    { step: keeps.name },
  )
}

/** The times at which a run of the pipeline's ingest has fetched: those of its records in `users.raw`. */
async function timesOf(run: string, databaseUrl: string | undefined): Promise<{ from: Bound; to: Bound }> {
  if (databaseUrl === undefined)
    throw new MillraceError('CONFIG', '--run needs DATABASE_URL: the run history')
  const database = openDatabase(databaseUrl, { name: 'millrace replay' })
  try {
    const [row] = await database.query<{ first: Date | null; last: Date | null }>(
      'read what a run has staged',
      'select min(fetched_at) as first, max(fetched_at) as last from staging.random_users where run_id = $1',
      [run],
    )
    if (!row?.first || !row.last) {
      throw new MillraceError(
        'MISSING',
        `no user is staged of ingest run "${run}": \`millrace ingest --history\` lists runs`,
      )
    }
    return {
      from: { how: 'time', timestamp: row.first.getTime() },
      to: { how: 'time', timestamp: row.last.getTime() + 1 },
    }
  } finally {
    await database.close()
  }
}
