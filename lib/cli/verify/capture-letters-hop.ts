import type { Database } from '../../../connectors/postgres/connection.ts'
import { usersRawCapture } from '../../../topologies/users-raw.ts'
import { RedrivenLetters } from '../../deployed/redriven-letters.ts'
import { headerOf } from '../../record.ts'
import type { Environment } from '../../runtime/environment.ts'
import { BucketedTable } from '../../verify/bucketed-table.ts'
import { compareTables } from '../../verify/compare.ts'
import { type Finding, Findings } from '../../verify/findings.ts'
import { isWithin } from '../../verify/period.ts'
import { type Checked, checkedOf } from '../../verify/report.ts'
import { eachBatch, rangesOf } from '../../verify/topic-tables.ts'
import { RECAPTURE, stagedSince, stagingId } from './staged-row.ts'
import type { Reading, Staged } from './staging-hop.ts'

/** Dead letters of the capture that have not been redriven, by staging id. */
export async function captureLettersHop(
  { broker }: Environment,
  database: Database,
  { ids, refused }: Staged,
  { period, folder }: Reading,
): Promise<Checked> {
  const hop = usersRawCapture.deadLetterTopic
  const letters = new BucketedTable([], folder)
  const newer = new BucketedTable([], folder)
  const redriven = await RedrivenLetters.read(broker, hop)
  await eachBatch(broker, await rangesOf(broker, hop), async (batch) => {
    const strangers: number[] = []
    for (const letter of batch) {
      if (redriven.has(letter)) continue
      const { headers, timestamp } = letter
      const header = headerOf(headers, 'millrace.dlq.id')
      const id = stagingId(header)
      const known = id !== undefined && ids.has(id)
      // Letters are of the time at which rows were committed.
      if (known || isWithin(period)(timestamp)) letters.add(String(header ?? ''), 0, {})
      if (id !== undefined && !known) strangers.push(id)
    }
    for (const id of await stagedSince(database, strangers)) newer.add(id, 0, {})
  })
  const { found, keys } = compareTables(hop, refused, letters, { moving: newer, duplicates: true })
  const explained = new Findings()
  explained.addAll(found, ({ key, kind }) => ({ hop, key, kind, ...letterCause(kind) }))
  return checkedOf(hop, letters.records, keys.actual, explained)
}

function letterCause(kind: Finding['kind']): Pick<Finding, 'cause' | 'cure'> {
  if (kind === 'missing')
    return { cause: 'the row was never captured, or its letter has expired', cure: RECAPTURE }
  if (kind === 'too many')
    return {
      cause: 'its staged row was deleted or mended since, or nobody captured it',
      cure: 'millrace dlq redrive',
    }
  return { cause: 'captured again: after a crash (at-least-once), or by a recapture', cure: 'none needed' }
}
