import { deployedAs } from '../deployed/application.ts'
import { Ledger } from '../deployed/ledger.ts'
import { MillraceError } from '../errors.ts'
import type { RawRecord } from '../record.ts'
import type { CountsByStep } from '../runtime/counters.ts'
import type { Environment } from '../runtime/environment.ts'
import { planReset } from '../runtime/reset/reset.ts'
import { removeAllState } from '../runtime/reset/reset-state.ts'
import { labelOf, requireResources, resourcesOf } from '../runtime/resources.ts'
import { startWorker } from '../runtime/worker.ts'
import type { WorkerOptions } from '../runtime/worker-options.ts'
import { withGuarantee } from '../topology/guarantee.ts'
import type { Guarantee, Topology } from '../topology/nodes.ts'
import { boundedBroker } from './bounded-broker.ts'
import { createShadow } from './create-shadow.ts'
import { type Progress, progressOf, topicsBetween } from './progress.ts'
import { noteReplay, type ReplayRecord } from './replay-record.ts'
import { withoutReadBack, withRate } from './replayed-topology.ts'
import { shadowApplication, shadowOf } from './shadow.ts'
import { shownWithin } from './time-span.ts'

export interface ReplayOptions {
  /** As its file says it. */
  readonly topology: Topology
  /** The live application. */
  readonly application: string
  /** Of the replay; of the shadow, if it goes into one. */
  readonly name: string
  readonly into: boolean
  readonly record: ReplayRecord
  readonly environment: Environment
  readonly stateDir: string
  readonly guarantee?: Guarantee | undefined
  /** Most records a second of each topic. */
  readonly rate?: number | undefined
  readonly keep?: ((record: RawRecord) => boolean) | undefined
  readonly batch?: WorkerOptions['batch'] | undefined
}

/** A replay that runs. */
export interface Replay {
  /** Resolves when all of the ranges is done or it was stopped; rejects with what ended it. */
  readonly ended: Promise<'done' | 'stopped'>
  progress(): Promise<Progress>
  counts(): CountsByStep
  /** What is in hand is finished and committed: the next one goes on from there. */
  stop(): Promise<void>
}

/** The group, state and internal topics of a replay. */
export function replayApplication(application: string, name: string, into: boolean): string {
  return into ? shadowApplication(application, name) : `${application}-replay-${name}`
}

/**
 * Runs the same topology over ranges of its inputs, beside the live application: a group, state and internal topics of
 * its own, the same sinks, or those of a shadow. Rows are written with the live application's generation, so that a
 * record of an older time never hides a newer one. Killed at any point, it goes on from what is committed.
 *
 * @throws MillraceError as `startWorker`, and `MISSING` before the first `apply`.
 */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const { application, name, into, environment, stateDir, record } = options
  const own = replayApplication(application, name, into)
  await new Ledger(environment.broker).require()
  const derived = derivedTopology(options)
  await prepare(options, derived, own)
  const worker = await startWorker({
    topology: derived,
    application: own,
    ...(into ? {} : { clockOf: application }),
    environment: {
      ...environment,
      broker: boundedBroker(environment.broker, boundsOf(record), options.keep),
    },
    ...(options.guarantee && { guarantee: options.guarantee }),
    ...(options.batch && { batch: options.batch }),
    stateDir,
    untilCaughtUp: true,
    cure: `millrace apply FILE`,
  })
  let stopped = false
  const between = topicsBetween(derived, own)
  const progress = () => progressOf(environment, own, record, between)
  const [begun, before] = [performance.now(), await progress()]
  const end = async () => {
    await worker.done
    if (stopped) return 'stopped'
    if (!into) await leaveNothing(options, derived, own)
    const seconds = (performance.now() - begun) / 1000
    const recordsPerSecond = Math.round((before.total - before.done) / seconds)
    await noteReplay(environment, application, name, { ...record, state: 'done', recordsPerSecond })
    return 'done'
  }
  const ended = end()
  ended.catch(() => {})
  return {
    ended,
    progress,
    counts: () => worker.counters.snapshot(),
    stop: () => {
      stopped = true
      return worker.stop()
    },
  }
}

/** What of the topology a replay runs. */
export function derivedTopology(options: Omit<ReplayOptions, 'environment' | 'stateDir'>): Topology {
  const { topology, name, into, record, rate, guarantee } = options
  const topics = [...new Set(record.begin.map(({ topic }) => topic))]
  const base = into ? shadowOf(topology, name) : withoutReadBack(topology)
  const paced = rate === undefined ? base : withRate(base, topics, rate)
  const shown = record.shown === undefined ? paced : shownWithin(paced, record.shown)
  return withGuarantee(shown, guarantee ?? topology.guarantee)
}

/** Every partition of a topic that has ranges: those in which nothing is to be read are empty. */
function boundsOf({ ranges, begin }: ReplayRecord) {
  const there = new Set(ranges.map(({ topic, partition }) => `${topic}/${partition}`))
  const empty = begin.filter(({ topic, partition }) => !there.has(`${topic}/${partition}`))
  return [
    ...ranges,
    ...empty.map(({ topic, partition, offset }) => ({ topic, partition, from: offset, to: offset })),
  ]
}

/** Steps of which each can be done again. */
async function prepare(options: ReplayOptions, derived: Topology, own: string): Promise<void> {
  const { topology, application, name, into, environment, record } = options
  if (into) {
    const said = withGuarantee(topology, options.guarantee ?? topology.guarantee)
    await createShadow({ topology: said, application, name, environment })
  } else {
    const { runsAs } = await deployedAs(environment.broker, application)
    const there = resourcesOf(topology, runsAs, environment, application)
    await requireResources(there)
    const live = new Set(there.map(labelOf))
    for (const resource of resourcesOf(derived, own, environment, application)) {
      if (!live.has(labelOf(resource))) await resource.create()
    }
  }
  if (record.state !== 'prepared') return
  // Written down before and behind: who comes after a kill between the two sets the same positions once more.
  await noteReplay(environment, application, name, record)
  await environment.broker.upkeep.setPositions(own, record.begin)
  await noteReplay(environment, application, name, { ...record, state: 'begun' })
}

/** Of a replay that has written where the live application does: its state and internal topics are of no more use. */
async function leaveNothing(options: ReplayOptions, derived: Topology, own: string): Promise<void> {
  const { environment, stateDir } = options
  const to = { how: 'latest' } as const
  const { topics } = await planReset({
    ...{ topology: derived, application: own, environment, stateDir, to, sinks: false },
  }).catch(unlessRunning)
  await removeAllState(stateDir, own)
  for (const topic of topics) await environment.broker.upkeep.deleteTopic(topic)
}

/** A member that has just left is counted until the group has noticed. */
function unlessRunning(error: unknown): { readonly topics: readonly string[] } {
  if (error instanceof MillraceError && error.code === 'DATA_LOSS') return { topics: [] }
  throw error
}
