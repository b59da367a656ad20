import type { DiffReport, SinkReport } from '../../replay/diff/diff-report.ts'
import type { ShownDifference } from '../../replay/diff/shown-difference.ts'
import type { Standing } from '../../replay/diff/standing.ts'
import { table } from '../outcome.ts'

const HEADER = ['sink', 'live', 'shadow', 'same', 'added', 'missing', 'changed']

/** The report as a person reads it. */
export function diffText(
  { application, shadow, standings, sinks, ignored, exitCode }: DiffReport,
  list?: string,
) {
  const rows = sinks.map(({ sink, live, shadow, same, added, missing, changed }) => {
    return [sink, live, shadow, same, added, missing, changed]
  })
  return [
    `live ${application}, shadow ${shadow}`,
    table(HEADER, rows),
    ...sinks.flatMap((sink) => linesOf(sink, ignored)),
    ...standings.flatMap(standingLines),
    ...(list === undefined ? [] : [`every difference is in ${list}`]),
    exitCode === 0 ? 'equal' : 'different',
  ].join('\n')
}

function linesOf(report: SinkReport, ignoredFields: readonly string[]): string[] {
  const { sink, fields, ignored, unreadable, isNew, examples } = report
  const lines: string[] = []
  if (isNew) lines.push(`${sink} is not there live`)
  const counts = Object.entries(fields).map(([field, count]) => `${field} ${count.toLocaleString('en-US')}`)
  if (counts.length > 0) lines.push(`${sink}: changed fields: ${counts.join(', ')}`)
  if (ignored > 0) {
    lines.push(
      `${sink}: ${ignored.toLocaleString('en-US')} differ in ${ignoredFields.join(', ')} alone, ignored`,
    )
  }
  if (unreadable > 0) {
    lines.push(
      `${sink}: ${unreadable.toLocaleString('en-US')} records have keys that can't be read: not compared`,
    )
  }
  return [...lines, ...examples.map(exampleLine)]
}

function exampleLine({ kind, key, fields }: ShownDifference): string {
  const parts = Object.entries(fields).map(([field, { live, shadow }]) => {
    if (kind === 'changed') return `${field}: ${text(live)} → ${text(shadow)}`
    return `${field}: ${text(kind === 'added' ? shadow : live)}`
  })
  return `  ${kind} ${key}  ${parts.join(', ')}`
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function standingLines({ topic, liveAhead, shadowAhead, before, toCome }: Standing): string[] {
  const lines: string[] = []
  const say = (count: number, what: string) => {
    if (count > 0) lines.push(`${topic}: ${what.replace('#', count.toLocaleString('en-US'))}`)
  }
  say(before, '# records are before what was replayed into the shadow: what only they lead to is missing')
  say(toCome, '# records are yet to be replayed into the shadow: the same command goes on with it')
  say(liveAhead, 'live has read # records that the shadow has not: what they change is a difference')
  say(shadowAhead, 'the shadow has read # records that live has not: what they change is a difference')
  return lines
}
