import type { AcceptedQuirk } from './accepted-quirks.ts'
import { type Outcome, ofKind } from './outcome.ts'
import type { UnreadableFile } from './read-scenarios.ts'

export interface Results {
  readonly outcomes: readonly Outcome[]
  readonly unreadable: readonly UnreadableFile[]
}

/** `id passed/total`, and under it the first difference of each file that failed. Undefined where nothing was compared. */
export function topologyText(topology: string, outcomes: readonly Outcome[]): string | undefined {
  const failed = ofKind(outcomes, 'failed')
  const passed = ofKind(outcomes, 'passed').length
  const total = passed + failed.length + ofKind(outcomes, 'quirk').length
  if (total === 0) return undefined
  const differences = failed.map(({ file, difference }) => `  ${file.path}\n    ${difference}`)
  return [`${topology} ${passed}/${total}`, ...differences].join('\n')
}

/** What is told apart from the topologies, and last of all `N passed, N failed`. */
export function summaryText({ outcomes, unreadable }: Results): string {
  const quirks = ofKind(outcomes, 'quirk')
  const needless = ofKind(outcomes, 'passed').filter(({ listed }) => listed !== undefined)
  return [
    ...section(
      'quirks that differ, as DECISIONS.md says:',
      quirks.map(({ file, difference, accepted }) => `${file.path} (${why(accepted)})\n    ${difference}`),
    ),
    ...section(
      'listed as quirks that differ, but equal (take them off accepted-quirks.ts):',
      needless.map(({ file, listed }) => `${file.path} (${why(listed!)})`),
    ),
    ...section(
      'unreadable:',
      unreadable.map(({ path, fault }) => `${path}: ${fault}`),
    ),
    ...section('unknown topology ids, not run:', idCounts(ofKind(outcomes, 'unknown'))),
    ...section('not run on a broker yet:', idCounts(ofKind(outcomes, 'not on the broker'))),
    `${counts({ outcomes, unreadable }).passed} passed, ${counts({ outcomes, unreadable }).failed} failed`,
  ].join('\n')
}

/** 2 for an unknown topology id; else 1 for a failure, or when there was nothing to do at all; else 0. */
export function exitCodeOf(results: Results): number {
  const { passed, failed } = counts(results)
  if (ofKind(results.outcomes, 'unknown').length > 0) return 2
  const done = passed + ofKind(results.outcomes, 'quirk').length + ofKind(results.outcomes, 'answered').length
  return failed > 0 || done === 0 ? 1 : 0
}

/** A file that can't be read failed; a quirk that may differ, or a file without anything to compare, did neither. */
function counts({ outcomes, unreadable }: Results): { passed: number; failed: number } {
  const failed = ofKind(outcomes, 'failed').length + unreadable.length
  return { passed: ofKind(outcomes, 'passed').length, failed }
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]
}

function idCounts(outcomes: readonly Outcome[]): string[] {
  const byId = Map.groupBy(outcomes, ({ file }) => file.scenario.topology)
  return [...byId].map(([id, { length }]) => `${id}: ${length} ${length === 1 ? 'file' : 'files'}`)
}

function why({ decision, reason }: AcceptedQuirk): string {
  return `${decision}: ${reason}`
}
