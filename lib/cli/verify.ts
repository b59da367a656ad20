import { setTimeout as delay } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { type Database, openDatabase } from '../../connectors/postgres/connection.ts'
import { userCounts, userCountsByCountry } from '../../topologies/insight/counts.ts'
import userInsights from '../../topologies/user-insights.ts'
import { usersRaw } from '../../topologies/users-raw.ts'
import type { BrokerAdmin } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'
import type { Position } from '../record.ts'
import { type Ends, endsOf } from '../runtime/caught-up.ts'
import { inputTopics } from '../runtime/input-topics.ts'
import { requireResources } from '../runtime/resources.ts'
import { openFlows } from '../verify/flows.ts'
import type { Period } from '../verify/period.ts'
import { repairSinks } from '../verify/repair.ts'
import { type Report, reportOf, withRepairs } from '../verify/report.ts'
import { SpillFolder } from '../verify/spill-folder.ts'
import { verifyTopology } from '../verify/topology-hops.ts'
import { milliseconds, time } from './options.ts'
import { print } from './outcome.ts'
import { PIPELINE_VARIABLES, pipelineResources } from './pipeline.ts'
import { type Connected, connect, type ServerFlags, withServers } from './servers/connect.ts'
import { stateDirectory } from './state-directory.ts'
import { verifyCapture } from './verify/capture-hops.ts'
import { verifyCounts } from './verify/counts-hop.ts'
import { textOf } from './verify/text.ts'

interface Flags extends ServerFlags {
  readonly json?: boolean
  readonly wait: number
  readonly from?: Date
  readonly to?: Date
  readonly repair?: boolean
  readonly yes?: boolean
}

export function verifyCommand(): Command {
  return withServers(new Command('verify'))
    .description(
      'reconcile API history, staging, topics and tables hop by hop: counts, and every key by hash',
    )
    .addOption(
      new Option('--wait <duration>', 'how long a running capture may take to pass what is staged')
        .argParser(milliseconds)
        .default(30_000, '30s'),
    )
    .option('--from <time>', 'only what was fetched at this time or later', time)
    .option('--to <time>', 'only what was fetched before', time)
    .option(
      '--repair',
      'say how tables, and records missing in topics, would be mended; with --yes, mend them',
    )
    .option('--yes', 'with --repair: do it')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      requireOrder(flags)
      const environment = await connect(PIPELINE_VARIABLES, 'verify', flags)
      const database = openDatabase(environment.settings.DATABASE_URL, { name: 'millrace verify' })
      try {
        const { wait, repair = false, yes = false } = flags
        const period = { from: flags.from?.getTime(), to: flags.to?.getTime() }
        const mending = repair ? { dry: !yes } : undefined
        const report = await verify(environment, database, { wait, settled: false, period, mending })
        if (flags.json) print(report)
        else process.stdout.write(`${textOf(report)}\n`)
        process.exitCode = report.exitCode
      } finally {
        await Promise.allSettled([database.close(), environment.close()])
      }
    })
}

const HELP = `
Exit codes: 0 equal, or all mended; 3 a key is missing at a later hop, 4 something differs or is too many.

A repair waits until the worker has passed all that is there now, for --wait at most, and computes each key from its
newest record again. It can be killed and run again.`

function requireOrder({ from, to, repair, yes }: Flags): void {
  if (from !== undefined && to !== undefined && from >= to)
    throw new MillraceError('CONFIG', '--from must be before --to')
  if (yes && !repair) throw new MillraceError('CONFIG', '--yes goes with --repair')
}

export interface VerifyOptions {
  /** For how long a running pipeline may take to pass what is there. Milliseconds. */
  readonly wait: number
  /** Nothing more comes: no window may be open. */
  readonly settled: boolean
  readonly period?: Period
  /** Whether what can be is mended, or only told of. */
  readonly mending?: { readonly dry: boolean } | undefined
}

/**
 * From the first hop to the last; each hop's expectation is computed from the one before it. Staged rows count as
 * one snapshot sees them, raw records up to the positions committed when this begins: the pipeline may go on, unless
 * it has `settled`, so that no window may be open. Memory is bounded: what does not fit goes through files.
 */
export async function verify(
  environment: Connected,
  database: Database,
  { wait, settled, period = {}, mending }: VerifyOptions,
): Promise<Report> {
  await requireResources(pipelineResources(environment, database))
  const { admin } = environment.broker
  const group = userInsights.name
  const raw = await admin.committed(group, [usersRaw.name])
  await passedOn(admin, wait)
  const positions = [...raw, ...(await admin.committed(group, [userCounts.name]))]
  const folder = new SpillFolder(stateDirectory(process.env))
  const flows = await openFlows(userInsights, environment)
  try {
    const verification = { positions, period, folder }
    const captured = await verifyCapture(environment, database, wait, verification)
    const { hops, pending, sinks } = await verifyTopology(flows, environment, verification)
    const counts = await verifyCounts(environment, verification, { group, wait, settled })
    const behind = hops.findIndex(({ hop }) => hop === userCountsByCountry.name)
    const report = reportOf([...captured, ...hops.toSpliced(behind, 0, ...counts)], pending)
    if (mending === undefined) return report
    const options = { positions, group, wait, dry: mending.dry }
    return withRepairs(report, await repairSinks(flows, environment, sinks, options))
  } finally {
    await flows.close()
    folder.remove()
  }
}

const STOPPED_AFTER = 5000

/**
 * What a worker has passed on in topics of its own, up to now, gets to the tables, if one runs: it is waited for as long
 * as it goes on, at most `wait` milliseconds.
 */
async function passedOn(admin: BrokerAdmin, wait: number): Promise<void> {
  const { name } = userInsights
  const { own } = inputTopics(userInsights, name)
  const ends = await endsOf(admin, own)
  const end = Date.now() + wait
  for (let left = Number.POSITIVE_INFINITY, since = Date.now(); Date.now() < end; await delay(200)) {
    const behind = lagOf(ends, await admin.committed(name, own))
    if (behind < left) since = Date.now()
    if (behind === 0 || Date.now() - since > STOPPED_AFTER) return
    left = behind
  }
}

function lagOf(ends: Ends, committed: readonly Position[]): number {
  const at = new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  return [...ends].reduce((sum, [place, end]) => sum + Math.max(0, end - (at.get(place) ?? 0)), 0)
}
