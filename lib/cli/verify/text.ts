import type { Report } from '../../verify/report.ts'
import { table } from '../outcome.ts'

const SHOWN = 20
const HEADER = ['hop', 'records', 'keys', 'duplicates', 'missing', 'different', 'too many']

/** The report as a person reads it. */
export function textOf({ hops, findings, pending, exitCode }: Report): string {
  const rows = hops.map(({ hop, records, keys = '', duplicates = '', missing, different, tooMany }) => [
    ...[hop, records, keys, duplicates],
    ...[missing, different, tooMany],
  ])
  const lines = [table(HEADER, rows)]
  for (const { hop, key, kind, columns } of findings.slice(0, SHOWN)) {
    lines.push(`${kind} at ${hop}: ${key}${columns === undefined ? '' : ` (${columns.join(', ')})`}`)
  }
  if (findings.length > SHOWN) lines.push(`… and ${findings.length - SHOWN} more (--json has them all)`)
  for (const { hop, note } of hops) if (note !== undefined) lines.push(`${hop}: ${note}`)
  if (pending > 0) {
    lines.push(
      `${pending} records were not processed yet when this began, and are left out; is the worker running?`,
    )
  }
  lines.push(exitCode === 0 ? 'verified: every hop holds what it should' : 'not verified')
  return lines.join('\n')
}
