import { userCounts } from '../../../topologies/insight/counts.ts'
import userInsights from '../../../topologies/user-insights.ts'
import type { WindowNode } from '../../topology/keyed-nodes.ts'
import type { Finding } from '../../verify/findings.ts'
import type { TimeWindows } from '../../windows/time-windows.ts'

/** Users by `country/start of the minute`. */
export type Tally = Map<string, number>

/** What users.raw says of the windows. */
export interface Fetched {
  readonly tally: Tally
  /**
   * By country, how far stream time has surely come where it is counted: to its own newest user, and not beyond any
   * partition of users.raw. Milliseconds.
   */
  readonly time: (country: string) => number
}

export const { size, grace } = userInsights.nodes.find((node): node is WindowNode => node.kind === 'window')!
  .windows as TimeWindows

export interface Tallies {
  readonly should: Fetched
  readonly newer: Fetched
  readonly counted: Tally
  readonly late: Tally
  readonly settled: boolean
  /** Which windows are compared, by their starts. Default: all. */
  readonly within?: (start: number) => boolean
}

/**
 * What is counted or late must be what was fetched. Where it is less, the window may still be open: `open` users are in
 * such. Once the pipeline has settled, none is.
 */
export function compareTallies(said: Tallies) {
  const { should, newer, counted, late, settled, within = () => true } = said
  const hop = userCounts.name
  const findings: Finding[] = []
  let open = 0
  for (const key of new Set([...should.tally.keys(), ...counted.keys(), ...late.keys()])) {
    if (!within(startOf(key))) continue
    const of = (tally: Tally) => tally.get(key) ?? 0
    const found = of(counted) + of(late)
    const missing = of(should.tally) - found
    if (found > of(should.tally) + of(newer.tally)) findings.push({ hop, key, kind: 'too many' })
    else if (missing > 0 && !settled && isOpen(key, should)) open += missing
    else if (missing > 0) findings.push({ hop, key, kind: 'missing' })
  }
  return { findings, open }
}

export function keyOf(country: string, start: number): string {
  return `${country}/${new Date(start).toISOString()}`
}

function isOpen(key: string, { time }: Fetched): boolean {
  const [country] = key.split('/') as [string]
  return startOf(key) + size + grace > time(country)
}

function startOf(key: string): number {
  return Date.parse(key.split('/')[1]!)
}
