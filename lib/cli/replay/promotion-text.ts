import type { DiffReport } from '../../replay/diff/diff-report.ts'
import type { AppliedSink } from '../../replay/promotion/apply-differences.ts'
import type { Promoted } from '../../replay/promotion/promote.ts'
import type { RolledBack } from '../../replay/promotion/rollback.ts'
import { table } from '../outcome.ts'

/** What is going to be done with live sinks, as they are now. */
export function previewText({ sinks }: DiffReport): string {
  const rows = sinks.map(({ sink, added, changed, missing }) => [sink, added, changed, missing])
  return `as of now it would write into the live sinks\n${table(['sink', 'added', 'changed', 'removed'], rows)}\n`
}

export function promoteSteps(name: string, application: string, runsAs: string): string {
  return [
    `promote shadow "${name}" of application "${application}", which runs as "${runsAs}":`,
    '  1. its workers finish what is in hand and end: P',
    '  2. the shadow reads up to P',
    '  3. what differs in the live sinks is kept as it was, and written as the shadow has it, one generation higher',
    `  4. from then on the application runs as the shadow's group: start the new version`,
    '',
  ].join('\n')
}

export function rollbackSteps(name: string, application: string): string {
  return [
    `roll back the promotion of shadow "${name}" of application "${application}":`,
    '  1. its workers finish what is in hand and end',
    '  2. the live sinks become what they were when it was promoted, one generation higher',
    '  3. the application runs as it did before, from where it was: start the old version, which reads what came since again',
    '',
  ].join('\n')
}

export function promotedText({ application, runsAs, generation, sinks }: Promoted): string {
  return `${sinksText(sinks)}application "${application}" runs as "${runsAs}" now, generation ${generation}: start the new version\n`
}

export function rolledBackText({ outcome, application, runsAs, sinks }: RolledBack): string {
  if (outcome === 'undone') return `undone: application "${application}" goes on as "${runsAs}"\n`
  return `${sinksText(sinks)}application "${application}" runs as "${runsAs}" again: start the old version\n`
}

function sinksText(sinks: readonly AppliedSink[]): string {
  if (sinks.length === 0) return ''
  const rows = sinks.map(({ sink, added, changed, removed }) => [sink, added, changed, removed])
  const unreadable = sinks.flatMap(({ sink, unreadable }) =>
    unreadable === 0 ? [] : [`${sink}: ${unreadable} records whose key can't be read are as they were\n`],
  )
  const kept = sinks.flatMap(({ sink, kept }) =>
    kept === 0
      ? []
      : [
          `${sink}: ${kept} keys stay that the other version has not: it is not compacted, and nothing says there that a key is no more\n`,
        ],
  )
  return `${table(['written into', 'added', 'changed', 'removed'], rows)}\n${[...kept, ...unreadable].join('')}`
}
