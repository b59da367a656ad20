import type { Explanation } from '../../explain/explain.ts'
import type { Passed, Stage } from '../../explain/stages.ts'

type Show = (value: unknown) => unknown

/** An explanation for people: a line a step, and what came of the record there. */
export function explanationText(explanation: Explanation, application: string, show: Show): string {
  const { path, timestamp, processed, stages, emptyState } = explanation
  const lines = [
    `record ${path.at(-1)} of ${time(timestamp)}`,
    ...(path.length > 1 ? [`  traced back from ${path.slice(0, -1).join(' and ')}`] : []),
    `  ${application} has ${processed ? 'committed it' : 'not committed it yet'}`,
    ...stages.flatMap((stage) => stageLines(stage, show)),
  ]
  if (emptyState.length > 0)
    lines.push(`as it would be with an empty state: ${emptyState.join(', ')} would look at what came before`)
  return `${lines.join('\n')}\n`
}

function stageLines(stage: Stage, show: Show): string[] {
  const { step, kind, given, handedOn } = stage
  const line = (what: string, { key, value, timestamp }: Passed) =>
    `    ${what.padEnd(4)}${json(show(key))} → ${json(show(value))} at ${time(timestamp)}`
  return [
    `  ${step} (${kind})`,
    ...given.map((one) => line('in', one)),
    ...handedOn.map((one) => line('out', one)),
    ...outcome(stage, show).map((said) => `    ${said}`),
  ]
}

/** What became of it here, where it is not simply handed on. */
function outcome(stage: Stage, show: Show): string[] {
  const { kind, given, handedOn, dropped, refused, kept, records, rows } = stage
  const said = [
    ...dropped.map(({ reason }) => `dropped: ${reason}`),
    ...refused.map(
      ({ code, reason, outcome, deadLetter }) =>
        `refused (${code}): ${reason}; ${deadLetter === undefined ? `${outcome}, not found in the dead letters` : `dead letter ${deadLetter}`}`,
    ),
    ...kept.map(
      ({ store, key, value }) => `kept in store ${store}: ${keyText(key, show)} → ${json(show(value))}`,
    ),
    ...records.map(({ topic }) => `written to topic ${topic}`),
    ...rows.map(({ table, found }) => `written to ${table}${foundText(found)}`),
  ]
  if (said.length > 0 || given.length === 0 || handedOn.length > 0) return said
  return [kind === 'filter' ? 'left out: its predicate says no' : 'hands nothing on']
}

function foundText(found: Stage['rows'][number]['found']): string {
  if (found === undefined) return ''
  return found.value === null
    ? '; there is no such row'
    : `; the row is there, written with clock ${found.clock}`
}

/** A window's bounds are no personal data. */
function keyText(key: unknown, show: Show): string {
  if (typeof key !== 'object' || key === null || !('start' in key && 'end' in key)) return json(show(key))
  const { key: own, start, end } = key as { key?: unknown; start: number; end: number }
  return `window ${time(start)} to ${time(end)} of key ${json(show(own))}`
}

/** Shapes of large values say little, many times over: --json has them. */
function json(value: unknown): string {
  if (typeof value === 'object' && value !== null && Object.values(value).length > 4 && isShape(value))
    return `${Object.values(value).length} fields`
  return JSON.stringify(value) ?? 'nothing'
}

const SHAPE = /^(text of \d+|\d+ bytes|date|number|bigint)$/

function isShape(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return value === null || typeof value === 'boolean' || SHAPE.test(String(value))
  return Object.values(value).every(isShape)
}

function time(timestamp: number): string {
  return timestamp >= 0 && timestamp < 8.64e15 ? new Date(timestamp).toISOString() : String(timestamp)
}
