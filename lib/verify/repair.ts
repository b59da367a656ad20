import type { Position } from '../record.ts'
import type { Environment } from '../runtime/environment.ts'
import type { Finding } from './findings.ts'
import type { Flows } from './flows.ts'
import { livePassed } from './live-passed.ts'
import type { Mend, Outcome } from './mend.ts'
import { type Mending, mendingOf } from './mending.ts'
import { newestOf } from './newest-of.ts'
import type { CheckedSink } from './topology-hops.ts'

/** Rows in memory at a time. */
const ROUND = 5000
/** Rows that are mended at the same time: each takes some statements, one after another. */
const AT_A_TIME = 32

export interface RepairOptions {
  /** Of the group, as the verification found them: what is beyond was not compared. */
  readonly positions: readonly Position[]
  /** Whose positions are waited for. */
  readonly group: string
  /** For how long live may take to pass what is there now. Milliseconds. */
  readonly wait: number
  /** Nothing is written. */
  readonly dry: boolean
}

/**
 * Mends rows of tables, and records missing in topics: waits until live has passed the ends found now, computes each key
 * from its newest record again, and writes it. The rest is left, with its cure.
 */
export async function repairSinks(
  opened: Flows,
  environment: Environment,
  sinks: readonly CheckedSink[],
  options: RepairOptions,
): Promise<Mend[]> {
  const damaged = sinks.filter(({ found }) => found.listed.some(({ kind }) => kind !== 'duplicated'))
  const { admin } = environment.broker
  const passes = () => livePassed(opened.said, { ...options, admin })
  const passed = options.dry || damaged.length === 0 || (await passes())
  const mends: Mend[] = []
  for (const sink of damaged) {
    const mending = await mendingOf(sink, environment)
    const findings = sink.found.listed.filter(({ kind }) => kind !== 'duplicated')
    for (let from = 0; from < findings.length; from += ROUND) {
      const round = findings.slice(from, from + ROUND)
      mends.push(...(await mendRound(sink, round, mending, environment, { ...options, passed })))
    }
    await mending.close()
  }
  return mends
}

async function mendRound(
  sink: CheckedSink,
  findings: readonly Finding[],
  mending: Mending,
  environment: Environment,
  options: RepairOptions & { readonly passed: boolean },
): Promise<Mend[]> {
  const wanted = options.dry ? new Map() : await newestOf(sink, findings, environment, options)
  const mends: Mend[] = []
  for (let from = 0; from < findings.length; from += AT_A_TIME) {
    const some = findings.slice(from, from + AT_A_TIME)
    const outcomes = await Promise.all(some.map(outcomeOf))
    mends.push(...some.map(({ hop, key, kind }, index) => ({ hop, key, kind, ...outcomes[index]! })))
  }
  return mends

  async function outcomeOf(finding: Finding): Promise<Outcome> {
    const leaves = mending.leaves(finding)
    if (leaves !== undefined) return { outcome: 'left', how: leaves }
    if (options.dry) return { outcome: 'would be mended', how: mending.would(finding) }
    if (!options.passed) return BEHIND
    return mending.mend(finding, wanted.get(finding.key))
  }
}

const BEHIND: Outcome = {
  outcome: 'left',
  how: 'live has not passed what is there: have the worker run, or give it longer with --wait',
}
