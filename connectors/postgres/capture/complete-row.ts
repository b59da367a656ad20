import { MillraceError } from '../../../lib/errors.ts'
import type { CaptureRun } from './capture-run.ts'
import type { Delivery } from './delivery.ts'
import type { Change } from './feed.ts'
import { currentRow } from './snapshot.ts'

/**
 * An update leaves out large values it did not touch. Such a row is read as it is now: a later state of it, whose
 * own change follows. One that is gone by now is refused.
 */
export async function completed(changes: readonly Change[], run: CaptureRun): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = []
  for (const change of changes)
    deliveries.push(change.unchanged.length === 0 ? change : await complete(change, run))
  return deliveries
}

async function complete(change: Change, { options, lease }: CaptureRun): Promise<Delivery> {
  const { row, committedAt } = change
  const key = new Map(change.key.map((column) => [column, row[column] ?? '']))
  const now = key.size === 0 ? undefined : await currentRow(lease.client, options.table, key)
  if (now !== undefined) return { row: now, committedAt }
  const columns = change.unchanged.join(', ')
  const refused = new MillraceError(
    'REJECTED',
    `an update left out ${columns} unchanged, and the row is gone: ALTER TABLE ${options.table} REPLICA IDENTITY FULL`,
  )
  return { row, committedAt, refused }
}
