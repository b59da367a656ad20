import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../../connectors/postgres/connection.ts'
import { userCounts, userCountsByCountry } from '../../../topologies/insight/counts.ts'
import userInsights from '../../../topologies/user-insights.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'
import type { BrokerAdmin } from '../../broker/broker.ts'
import { deployedAs } from '../../deployed/application.ts'
import type { Position } from '../../record.ts'
import { type Ends, endsOf } from '../../runtime/caught-up.ts'
import { inputTopics } from '../../runtime/input-topics.ts'
import { requireResources } from '../../runtime/resources.ts'
import { openFlows } from '../../verify/flows.ts'
import type { Period } from '../../verify/period.ts'
import { repairSinks } from '../../verify/repair.ts'
import { type Report, reportOf, withRepairs } from '../../verify/report.ts'
import { SpillFolder } from '../../verify/spill-folder.ts'
import { verifyTopology } from '../../verify/topology-hops.ts'
import { pipelineResources } from '../pipeline.ts'
import type { Connected } from '../servers/connect.ts'
import { stateDirectory } from '../state-directory.ts'
import { verifyCapture } from './capture-hops.ts'
import { verifyCounts } from './counts-hop.ts'
import { type Tell, told } from './progress.ts'

export interface VerifyOptions {
  /** For how long a running pipeline may take to pass what is there. Milliseconds. */
  readonly wait: number
  /** Nothing more comes: no window may be open. */
  readonly settled: boolean
  readonly period?: Period
  /** Whether what can be is mended, or only told of. */
  readonly mending?: { readonly dry: boolean } | undefined
  /** Is told how far it is. */
  readonly tell?: Tell | undefined
}

/**
 * From the first hop to the last; each hop's expectation is computed from the one before it. Staged rows count as
 * one snapshot sees them, raw records up to the positions committed when this begins: the pipeline may go on, unless
 * it has `settled`, so that no window may be open. Memory is bounded: what does not fit goes through files.
 */
export async function verify(
  servers: Connected,
  database: Database,
  { wait, settled, period = {}, mending, tell }: VerifyOptions,
): Promise<Report> {
  const environment = tell === undefined ? servers : told(servers, tell)
  await requireResources(await pipelineResources(environment, database))
  const { admin } = environment.broker
  const { runsAs: group } = await deployedAs(environment.broker, userInsights.name)
  const raw = await admin.committed(group, [usersRaw.name])
  await passedOn(admin, group, wait)
  const positions = [...raw, ...(await admin.committed(group, [userCounts.name]))]
  const folder = new SpillFolder(stateDirectory(process.env))
  const flows = await openFlows(userInsights, environment)
  try {
    const verification = { positions, period, folder }
    const captured = await verifyCapture(environment, database, wait, { period, folder, tell })
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
async function passedOn(admin: BrokerAdmin, group: string, wait: number): Promise<void> {
  const { own } = inputTopics(userInsights, group)
  const ends = await endsOf(admin, own)
  const end = Date.now() + wait
  for (let left = Number.POSITIVE_INFINITY, since = Date.now(); Date.now() < end; await delay(200)) {
    const behind = lagOf(ends, await admin.committed(group, own))
    if (behind < left) since = Date.now()
    if (behind === 0 || Date.now() - since > STOPPED_AFTER) return
    left = behind
  }
}

function lagOf(ends: Ends, committed: readonly Position[]): number {
  const at = new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  return [...ends].reduce((sum, [place, end]) => sum + Math.max(0, end - (at.get(place) ?? 0)), 0)
}
