import { setTimeout as delay } from 'node:timers/promises'
import { lateUsers, userCounts } from '../../../topologies/insight/counts.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'
import type { Environment } from '../../runtime/environment.ts'
import type { Finding } from '../../verify/findings.ts'
import { beginningsOf, isWithin, type Period } from '../../verify/period.ts'
import type { Checked } from '../../verify/report.ts'
import { rangesOf } from '../../verify/topic-tables.ts'
import type { Verification } from '../../verify/topology-hops.ts'
import { readCounts, readFetched, readLate, refusedAtSource } from './counted.ts'
import { compareTallies, size } from './tallies.ts'

const BETWEEN_LOOKS = 500

export interface CountsOptions {
  /** Whose worker is waited for. */
  readonly group: string
  /** Milliseconds. */
  readonly wait: number
  readonly settled: boolean
}

/**
 * Per country and minute: what was counted and what came late must be the records of `users.raw`. It waits for what a
 * running worker has still to write, at most `wait` milliseconds. Windows that time has not closed may wait in the
 * worker's state, and are only told of, unless the pipeline has `settled`.
 */
export async function verifyCounts(
  environment: Environment,
  { positions, period, folder }: Verification,
  { group, wait, settled }: CountsOptions,
): Promise<Checked[]> {
  const { broker } = environment
  // Nobody is about to write anything where no worker runs.
  const awaited = settled || (await broker.upkeep.members(group)).length > 0
  const end = Date.now() + (awaited ? wait : 0)
  const raw = positions.filter(({ topic }) => topic === usersRaw.name)
  const refused = await refusedAtSource(environment)
  const from = await beginningsOf(broker, usersRaw.name, period)
  const should = await readFetched(
    environment,
    await rangesOf(broker, usersRaw.name, { from, to: raw }),
    refused,
  )
  for (;;) {
    const counts = await readCounts(environment)
    const late = await readLate(environment, folder)
    // Read behind them: what they hold came from before these ends.
    const ahead = await rangesOf(broker, usersRaw.name, { from: raw })
    const newer = await readFetched(environment, ahead, refused)
    const compared = compareTallies({
      ...{ should, newer, counted: counts.tally, late: late.tally, settled },
      within: wholeWindows(period),
    })
    if (compared.findings.length > 0 && Date.now() < end) {
      await delay(BETWEEN_LOOKS)
      continue
    }
    const { records, tally } = counts
    const hop = {
      hop: userCounts.name,
      records,
      keys: tally.size,
      duplicates: records - tally.size,
      findings: [...compared.findings.map(explained), ...counts.duplicated],
    }
    const noted =
      compared.open === 0
        ? hop
        : { ...hop, note: `${compared.open} users are in windows that are still open` }
    return [noted, { hop: lateUsers.name, records: late.records, findings: late.duplicated }]
  }
}

/** A window that a period cuts was counted from users outside of it, too. */
function wholeWindows({ from, to }: Period): (start: number) => boolean {
  const within = isWithin({ from, to: to === undefined ? undefined : to - size + 1 })
  return (start) => within(start)
}

function explained(finding: Finding): Finding {
  const [, start] = finding.key.split('/') as [string, string]
  const minute = `--from ${start} --to ${new Date(Date.parse(start) + size).toISOString()}`
  const cure = `millrace replay topologies/user-insights.ts ${minute}`
  return finding.kind === 'missing'
    ? {
        ...finding,
        cause: 'users of this minute were processed and not counted, or its count was lost or changed',
        cure,
      }
    : { ...finding, cause: 'users were counted twice, or somebody else has written this count', cure }
}
