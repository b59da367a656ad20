import { readFileSync } from 'node:fs'
import type { Lap } from './race.ts'

/** Figures of a lap that are shown and compared, where there are any. */
const COLUMNS = [
  ...([
    'records',
    'records/s',
    'of the most',
    'to first s',
    'restored s',
    'p0 ms',
    'p50 ms',
    'p90 ms',
    'p95 ms',
    'p99 ms',
    'p100 ms',
  ] as const),
  ...(['cpu s', 'broker cpu s', 'other cpu s', 'peak MiB'] as const),
]

export type Figure = (typeof COLUMNS)[number]

/** How one contestant is to stand beside another, by the medians of their laps. */
export interface Goal {
  readonly workload: string
  readonly figure: Figure
  readonly of: string
  /** Left out for a figure that is a ratio itself. */
  readonly beside?: string
  /** The ratio below (or above) which the run fails; without either it is only said. */
  readonly atLeast?: number
  readonly atMost?: number
  /** What it is to become. */
  readonly goal: number
}

export interface Standing extends Goal {
  /** Undefined where one of the two did not run. */
  readonly ratio: number | undefined
  readonly met: boolean
}

export function readGoals(): readonly Goal[] {
  return JSON.parse(readFileSync(new URL('../goals.json', import.meta.url), 'utf8'))
}

export function standings(goals: readonly Goal[], laps: readonly Lap[]): readonly Standing[] {
  return goals.map((goal) => {
    const of = medianOf(laps, goal.of, goal.figure)
    const beside = goal.beside === undefined ? 1 : medianOf(laps, goal.beside, goal.figure)
    const ratio = of === undefined || beside === undefined ? undefined : of / beside
    const { atLeast = 0, atMost = Number.POSITIVE_INFINITY } = goal
    return { ...goal, ratio, met: ratio === undefined || (ratio >= atLeast && ratio <= atMost) }
  })
}

/** Undefined where there is none. Of an even number the mean of the two in the middle. */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle]
  return sorted.length === 0 ? undefined : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function medianOf(laps: readonly Lap[], contestant: string, figure: string): number | undefined {
  return median(laps.filter((lap) => lap.contestant === contestant).map((lap) => Number(lap[figure])))
}

/** Markdown: the medians of every contestant, and the ratios. */
export function summary(laps: readonly Lap[], found: readonly Standing[]): string {
  const names = [...new Set(laps.map(({ contestant }) => contestant))]
  const columns = COLUMNS.filter((figure) => laps.some((lap) => figure in lap)).filter(
    // What is the same for all is said once.
    (figure) => figure !== 'records' || recordsOf(laps).length > 1,
  )
  const rows = names.map((name) => {
    const right = laps.every((lap) => lap.contestant !== name || lap.right)
    return [name, ...columns.map((figure) => shown(medianOf(laps, name, figure))), right ? 'right' : 'WRONG']
  })
  const ratios = found
    .filter(({ ratio }) => ratio !== undefined)
    .map(({ figure, of, beside, ratio, atLeast, atMost, goal, met }) => {
      const floor = atLeast === undefined ? (atMost === undefined ? '' : `≤ ${atMost}`) : `≥ ${atLeast}`
      return [figure, of, beside ?? '', ratio!.toFixed(2), floor, String(goal), met ? '' : 'NOT MET']
    })
  const figures = table(['contestant', ...columns, 'rows'], rows)
  if (ratios.length === 0) return figures
  return [figures, table(['figure', 'of', 'beside', 'ratio', 'floor', 'goal', ''], ratios)].join('\n\n')
}

/** How many records were read: one number where it was the same for all. */
export function recordsOf(laps: readonly Lap[]): readonly number[] {
  return [...new Set(laps.flatMap(({ records }) => (records === undefined ? [] : [Number(records)])))]
}

function shown(figure: number | undefined): string {
  if (figure === undefined || Number.isNaN(figure)) return ''
  return figure.toLocaleString('en', { maximumFractionDigits: figure < 100 ? 2 : 0 })
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
