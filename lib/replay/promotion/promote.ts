import { deployedRecord } from '../../deployed/application.ts'
import { orderRecord } from '../../deployed/orders.ts'
import { MillraceError } from '../../errors.ts'
import type { Position } from '../../record.ts'
import { sourceTopics } from '../../runtime/input-topics.ts'
import { labelOf, resourcesOf } from '../../runtime/resources.ts'
import { withGuarantee } from '../../topology/guarantee.ts'
import { shadowApplication } from '../shadow.ts'
import { requireShadow } from '../shadow-record.ts'
import type { AppliedSink } from './apply-differences.ts'
import { catchUp, requireReplayed } from './catch-up.ts'
import { type Draining, drained, placesText } from './drained.ts'
import { largestGeneration, raiseGenerations } from './generations.ts'
import { Journal } from './journal.ts'
import { writePreImages } from './pre-images.ts'
import type { PromotionOptions } from './promotion-options.ts'
import { settleInputs } from './settle-inputs.ts'
import { untilEqual } from './until-equal.ts'

/** What a promotion has done. */
export interface Promoted {
  readonly application: string
  readonly runsAs: string
  readonly before: string
  readonly generation: number
  readonly positions: readonly Position[]
  readonly sinks: readonly AppliedSink[]
}

/**
 * Has the shadow take the place of what is live: live is drained at P, the shadow reads up to P, what differs is
 * written into the live sinks under a generation of its own, and from then on the application runs as the shadow's group,
 * on its state and its internal topics. Nothing is copied or renamed.
 *
 * Killed at any point, the same call goes on where it was, and `rollback` undoes it.
 *
 * @throws MillraceError `MISSING` where there is no such shadow, `CONFIG` where a replay into it is not done, `DATA_LOSS`
 * where it can't be promoted any more.
 */
export async function promote(options: PromotionOptions): Promise<Promoted> {
  await requireShadow(options)
  const journal = await Journal.open(options)
  try {
    await requirePromotable(options, journal)
    if (journal.promotion === undefined) await begin(options, journal)
    // A worker that was starting when the order was given goes on for a moment, and P with it: that is seen last.
    while (['draining', 'imaging'].includes(journal.promotion!.stage)) {
      if (journal.promotion!.stage === 'draining') await drainAndFollow(options, journal)
      await keepPreImages(options, journal)
    }
    const sinks = journal.promotion!.stage === 'applying' ? await applyAndSwitch(options, journal) : []
    const { positions, generation, from } = journal.promotion!
    const { application } = options
    const runsAs = shadowApplication(application, options.name)
    return { application, runsAs, before: from.runsAs, generation, positions, sinks }
  } finally {
    await journal.close()
  }
}

async function requirePromotable(options: PromotionOptions, { promotion, deployed }: Journal): Promise<void> {
  const { name, application } = options
  if (promotion === undefined) {
    await requireReplayed(options)
    return
  }
  const { stage } = promotion
  if (stage === 'promoted' && deployed.runsAs !== shadowApplication(application, name)) {
    throw new MillraceError(
      'DATA_LOSS',
      `shadow "${name}" was promoted before "${deployed.runsAs}" was, which application "${application}" runs as now: roll that back, or make another shadow`,
      { application },
    )
  }
  if (stage !== 'returning' && stage !== 'reverting' && stage !== 'rolled back') return
  const cure =
    stage === 'rolled back'
      ? `what came since is not in its sinks: \`millrace replay clean ${name} FILE\`, and make it anew`
      : `\`millrace replay rollback ${name} FILE\` goes on with that`
  const what = stage === 'rolled back' ? 'was rolled back' : 'is being rolled back'
  throw new MillraceError('DATA_LOSS', `shadow "${name}" ${what}: ${cure}`, { application })
}

/** The shadow comes close while live goes on; then live is told to finish. */
async function begin(options: PromotionOptions, journal: Journal): Promise<void> {
  const { topology, application, name, environment, tell } = options
  const from = journal.deployed
  tell('the shadow catches up with live, which goes on')
  const { admin } = environment.broker
  await catchUp(options, await admin.committed(from.runsAs, sourceTopics(topology, from.runsAs)))
  const order = orderRecord(application, { order: 'drain', by: `replay promote ${name}` })
  const since = new Date().toISOString()
  await journal.note({ stage: 'draining', from, positions: [], generation: 0, since }, [order])
}

async function drainAndFollow(options: PromotionOptions, journal: Journal): Promise<void> {
  const { tell } = options
  const positions = await drained(drainingOf(options, journal))
  tell(`live is drained at ${placesText(positions)}`)
  await catchUp(options, positions)
  await createMissing(options)
  const { from } = journal.promotion!
  const next = Math.max(from.generation ?? 0, await largestGeneration(options)) + 1
  await journal.note({ ...journal.promotion!, stage: 'imaging', positions, generation: next })
}

function drainingOf(options: PromotionOptions, journal: Journal): Draining {
  const { topology, application, environment, tell } = options
  const group = journal.promotion!.from.runsAs
  return { topology, application, group, environment, waiting: (what) => tell(`waiting for ${what}`) }
}

/** What the new version writes and the old one did not. */
async function createMissing(options: PromotionOptions): Promise<void> {
  const { topology, application, name, environment, guarantee, tell } = options
  const said = withGuarantee(topology, guarantee ?? topology.guarantee)
  const own = shadowApplication(application, name)
  for (const resource of resourcesOf(said, own, environment, application)) {
    const state = await resource.inspect()
    if (state === 'present') continue
    if (state !== 'missing') {
      throw new MillraceError('CONTRACT', `${labelOf(resource)} is not as the file says: ${state.differs}`)
    }
    tell(`creating ${labelOf(resource)}`)
    await resource.create()
  }
}

async function keepPreImages(options: PromotionOptions, journal: Journal): Promise<void> {
  const { generation, positions } = journal.promotion!
  await raiseGenerations(options, generation)
  const kept = await writePreImages({ ...options, clocks: true }, journal)
  options.tell(`${kept} rows and records are kept as they were`)
  const now = await drained(drainingOf(options, journal))
  const stage = placesText(now) === placesText(positions) ? 'applying' : 'draining'
  await journal.note({ ...journal.promotion!, stage })
}

async function applyAndSwitch(options: PromotionOptions, journal: Journal): Promise<readonly AppliedSink[]> {
  const { topology, application, name, environment, tell } = options
  const { generation } = journal.promotion!
  tell(`writing what differs into the live sinks, generation ${generation}`)
  const sinks = await untilEqual(options, journal)
  const runsAs = shadowApplication(application, name)
  await settleInputs({ topology, group: runsAs, environment, positions: [] })
  await journal.note({ ...journal.promotion!, stage: 'promoted' }, [
    deployedRecord(application, { runsAs, generation }),
    orderRecord(application, null),
  ])
  return sinks
}
