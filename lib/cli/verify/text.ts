import type { Finding } from '../../verify/findings.ts'
import type { Mend } from '../../verify/mend.ts'
import type { Report } from '../../verify/report.ts'
import { table } from '../outcome.ts'

const SHOWN = 20
const HEADER = ['hop', 'records', 'keys', 'duplicates', 'missing', 'different', 'too many']

/** The report as a person reads it. */
export function textOf(report: Report): string {
  const { hops, findings, duplicated = [], pending, repairs, exitCode } = report
  const rows = hops.map(({ hop, records, keys = '', duplicates = '', missing, different, tooMany }) => [
    ...[hop, records, keys, duplicates],
    ...[missing, different, tooMany],
  ])
  const lines = [table(HEADER, rows), ...firstOf(findings, lineOf), ...duplicateLines(duplicated)]
  for (const { hop, note } of hops) if (note !== undefined) lines.push(`${hop}: ${note}`)
  if (pending > 0) {
    lines.push(
      `${pending} records were not processed yet when this began, and are left out; is the worker running?`,
    )
  }
  if (repairs !== undefined) lines.push(...repairLines(repairs))
  lines.push(exitCode === 0 ? ending(report) : 'not verified')
  return lines.join('\n')
}

function lineOf({ hop, key, kind, columns, cause, cure, record }: Finding): string {
  const which = `${kind} at ${hop}: ${key}${columns === undefined ? '' : ` (${columns.join(', ')})`}`
  const from = record === undefined ? '' : ` [${record}]`
  return `${which}${from}${cause === undefined ? '' : `\n  ${cause}`}${cure === undefined ? '' : `\n  → ${cure}`}`
}

const EXAMPLES = 3

/** A replay writes every key again: one line for all of a kind. */
function duplicateLines(duplicated: readonly Finding[]): string[] {
  const groups = Map.groupBy(duplicated, ({ hop, cause, cure }) => JSON.stringify([hop, cause, cure]))
  return [...groups.values()].map((all) => {
    const { hop, cause, cure } = all[0]!
    const keys = [...new Set(all.map(({ key }) => key))]
    const named = keys.slice(0, EXAMPLES).join(', ')
    const others = keys.length > EXAMPLES ? `, and ${keys.length - EXAMPLES} other keys` : ''
    const why = `${cause === undefined ? '' : `\n  ${cause}`}${cure === undefined ? '' : `\n  → ${cure}`}`
    return `duplicated at ${hop}: ${named}${others}${why}`
  })
}

function repairLines(repairs: readonly Mend[]): string[] {
  const count = (outcome: Mend['outcome']) => repairs.filter((mend) => mend.outcome === outcome).length
  const lines = firstOf(repairs, ({ hop, key, kind, outcome, how }) => {
    return `${outcome}: ${kind} at ${hop}: ${key}\n  ${how}`
  })
  const would = count('would be mended')
  if (would > 0)
    return [...lines, `${would} would be mended, ${count('left')} left; nothing was written: --yes does it`]
  return [...lines, `${count('mended')} mended, ${count('left')} left`]
}

function firstOf<T>(all: readonly T[], lineOfOne: (one: T) => string): string[] {
  const lines = all.slice(0, SHOWN).map(lineOfOne)
  return all.length > SHOWN ? [...lines, `… and ${all.length - SHOWN} more (--json has them all)`] : lines
}

function ending({ findings }: Report): string {
  return findings.length === 0
    ? 'verified: every hop holds what it should'
    : 'all that was found is mended: verify again to see it'
}
