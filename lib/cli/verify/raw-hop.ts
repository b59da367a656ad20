import type { Database } from '../../../connectors/postgres/connection.ts'
import { STAGING_ID, usersRaw } from '../../../topologies/users-raw.ts'
import { place } from '../../errors.ts'
import { headerOf, type RawRecord } from '../../record.ts'
import type { Environment } from '../../runtime/environment.ts'
import { serdesOf } from '../../runtime/open.ts'
import { BucketedTable } from '../../verify/bucketed-table.ts'
import { gonePart } from '../../verify/causes.ts'
import { compareTables } from '../../verify/compare.ts'
import { type Finding, Findings, type Found } from '../../verify/findings.ts'
import { IdSet } from '../../verify/id-set.ts'
import { beginningsOf, isWithin } from '../../verify/period.ts'
import { type Checked, checkedOf } from '../../verify/report.ts'
import { addRecords, eachBatch, rangesOf } from '../../verify/topic-tables.ts'
import { RECAPTURE, stagedSince, stagingId } from './staged-row.ts'
import type { Reading, Staged } from './staging-hop.ts'

/** What capture has written, against what is staged; and how many keys are staged. */
export async function rawHop(
  environment: Environment,
  database: Database,
  staged: Staged,
  { period, folder }: Reading,
): Promise<{ readonly checked: Checked; readonly staged: number }> {
  const { broker } = environment
  const hop = usersRaw.name
  const serdes = serdesOf(usersRaw, environment)
  const table = new BucketedTable(staged.expected.columns, folder)
  const seen = new IdSet()
  const found = new Findings()
  const from = await beginningsOf(broker, hop, period)
  await eachBatch(broker, await rangesOf(broker, hop, { from }), async (batch) => {
    const known: RawRecord[] = []
    const strangers: Stranger[] = []
    for (const record of batch) {
      const id = stagingId(headerOf(record.headers, STAGING_ID))
      if (id === undefined || !staged.ids.has(id)) {
        if (isWithin(period)(record.timestamp)) strangers.push({ id, record })
        continue
      }
      known.push(record)
      if (!seen.add(id)) found.add(duplicated(record, id))
    }
    await addRecords(table, serdes, known)
    for (const finding of await foreign(database, strangers)) found.add(finding)
  })
  const compared = compareTables(hop, staged.expected, table)
  const gone = await gonePart(environment, hop)
  found.addAll(compared.found, (finding) => explainedRaw(finding, gone))
  return {
    checked: checkedOf(hop, table.records, compared.keys.actual, found),
    staged: compared.keys.expected,
  }
}

interface Stranger {
  readonly id: number | undefined
  readonly record: RawRecord
}

/** Records whose row was not staged when the verification read the table, and is not now. */
async function foreign(database: Database, strangers: readonly Stranger[]): Promise<Finding[]> {
  const newer = await stagedSince(
    database,
    strangers.flatMap(({ id }) => id ?? []),
  )
  return strangers.flatMap(({ id, record }): Finding[] => {
    if (id !== undefined && newer.has(String(id))) return []
    const at = place(record)
    const finding = { hop: usersRaw.name, key: String(record.key), kind: 'too many', record: at } as const
    return id === undefined
      ? [{ ...finding, cause: 'a record nobody captured: it names no staged row', cure: KEPT }]
      : [{ ...finding, cause: `its staged row ${id} was deleted after it was captured`, cure: KEPT }]
  })
}

const KEPT = 'none: a topic keeps what was written to it'

function duplicated(record: RawRecord, id: number): Finding {
  return {
    hop: usersRaw.name,
    key: String(record.key),
    kind: 'duplicated',
    cause: `staged row ${id} was captured again: after a crash (at-least-once), or by a recapture`,
    cure: 'none needed: what follows is idempotent',
    record: place(record),
  }
}

function explainedRaw({ hop, key, kind, columns, at }: Found, gone: string | undefined): Finding {
  const row = `staged row ${at?.offset}`
  if (kind === 'missing') {
    const cause =
      gone === undefined
        ? `${row} was never captured, or was staged while the slot did not hold the log for it`
        : `its record ${gone}`
    return { hop, key, kind, cause, cure: RECAPTURE }
  }
  const cause = `${row} was changed after it was captured, or somebody else has written the record`
  return { hop, key, kind, ...(columns && { columns }), cause, cure: RECAPTURE }
}
