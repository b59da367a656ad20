import { setTimeout as delay } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { type Database, openDatabase } from '../../connectors/postgres/connection.ts'
import { userCounts, userCountsByCountry } from '../../topologies/insight/counts.ts'
import userInsights from '../../topologies/user-insights.ts'
import { usersRaw } from '../../topologies/users-raw.ts'
import type { BrokerAdmin } from '../broker/broker.ts'
import type { Position } from '../record.ts'
import { type Ends, endsOf } from '../runtime/caught-up.ts'
import { inputTopics } from '../runtime/input-topics.ts'
import { requireResources } from '../runtime/resources.ts'
import { type Report, reportOf } from '../verify/report.ts'
import { verifyTopology } from '../verify/topology-hops.ts'
import { milliseconds } from './options.ts'
import { print } from './outcome.ts'
import { PIPELINE_VARIABLES, pipelineResources } from './pipeline.ts'
import { type Connected, connect, type ServerFlags, withServers } from './servers/connect.ts'
import { verifyCapture } from './verify/capture-hops.ts'
import { verifyCounts } from './verify/counts-hop.ts'
import { textOf } from './verify/text.ts'

interface Flags extends ServerFlags {
  readonly json?: boolean
  readonly wait: number
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
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 equal, 3 a key is missing at a later hop, 4 something differs or is too many.',
    )
    .action(async (flags: Flags) => {
      const environment = await connect(PIPELINE_VARIABLES, 'verify', flags)
      const database = openDatabase(environment.settings.DATABASE_URL, { name: 'millrace verify' })
      try {
        const report = await verify(environment, database, { wait: flags.wait, settled: false })
        if (flags.json) print(report)
        else process.stdout.write(`${textOf(report)}\n`)
        process.exitCode = report.exitCode
      } finally {
        await Promise.allSettled([database.close(), environment.close()])
      }
    })
}

/**
 * From the first hop to the last; each hop's expectation is computed from the one before it. Staged rows count as
 * one snapshot sees them, raw records up to the positions committed when this begins: the pipeline may go on, unless
 * it has `settled`, so that no window may be open.
 */
export async function verify(
  environment: Connected,
  database: Database,
  { wait, settled }: { readonly wait: number; readonly settled: boolean },
): Promise<Report> {
  await requireResources(pipelineResources(environment, database))
  const { admin } = environment.broker
  const raw = await admin.committed(userInsights.name, [usersRaw.name])
  await passedOn(admin, wait)
  const positions = [...raw, ...(await admin.committed(userInsights.name, [userCounts.name]))]
  const captured = await verifyCapture(environment, database, wait)
  const { hops, pending } = await verifyTopology(userInsights, environment, positions)
  const counts = await verifyCounts(environment, positions, { wait, settled })
  const behind = hops.findIndex(({ hop }) => hop === userCountsByCountry.name)
  return reportOf([...captured, ...hops.toSpliced(behind, 0, ...counts)], pending)
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
