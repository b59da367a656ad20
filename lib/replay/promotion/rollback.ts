import { deployedAs, deployedRecord } from '../../deployed/application.ts'
import { orderRecord } from '../../deployed/orders.ts'
import { MillraceError } from '../../errors.ts'
import type { Position } from '../../record.ts'
import { shadowApplication } from '../shadow.ts'
import { requireShadow } from '../shadow-record.ts'
import type { AppliedSink } from './apply-differences.ts'
import { drained, placesText } from './drained.ts'
import { raiseGenerations } from './generations.ts'
import { Journal } from './journal.ts'
import { preImagesTopic } from './pre-images.ts'
import type { PromotionOptions } from './promotion-options.ts'
import { settleInputs } from './settle-inputs.ts'
import { untilEqual } from './until-equal.ts'

/** What a rollback has done. `undone`: nothing had been changed yet. */
export interface RolledBack {
  readonly outcome: 'undone' | 'rolled back'
  readonly application: string
  readonly runsAs: string
  readonly generation: number | undefined
  /** Where it begins again. */
  readonly positions: readonly Position[]
  readonly sinks: readonly AppliedSink[]
}

/**
 * Takes a promotion back: what was promoted is drained, the live sinks become what they were at P, one generation
 * higher, and the old version begins again at P, on the state that it has kept, another generation higher: so what it
 * writes again of what came since wins over what was taken back.
 *
 * Of a promotion that has not changed anything yet, it lifts the order. Killed at any point, the same call goes on.
 *
 * @throws MillraceError `MISSING` where nothing was promoted, `DATA_LOSS` where another promotion stands on it.
 */
export async function rollback(options: PromotionOptions): Promise<RolledBack> {
  await requireShadow(options)
  const journal = await Journal.open(options)
  try {
    await requirePromotion(options, journal)
    const { stage } = journal.promotion!
    if (stage === 'draining' || stage === 'imaging') return await undo(options, journal)
    if (stage === 'promoted') await recall(options, journal)
    if (journal.promotion!.stage === 'returning') await drain(options, journal)
    if (journal.promotion!.stage === 'applying') await revert(journal)
    const sinks = journal.promotion!.stage === 'reverting' ? await applyAndReturn(options, journal) : []
    const { from, positions } = journal.promotion!
    const { generation } = await deployedAs(options.environment.broker, options.application)
    const { application } = options
    return { outcome: 'rolled back', application, runsAs: from.runsAs, generation, positions, sinks }
  } finally {
    await journal.close()
  }
}

async function requirePromotion(options: PromotionOptions, journal: Journal): Promise<void> {
  const { application, name } = options
  const { promotion, deployed } = journal
  if (promotion === undefined) {
    throw new MillraceError('MISSING', `shadow "${name}" was not promoted: there is nothing to take back`, {
      application,
    })
  }
  if (promotion.stage !== 'promoted' || deployed.runsAs === shadowApplication(application, name)) return
  throw new MillraceError(
    'DATA_LOSS',
    `application "${application}" runs as "${deployed.runsAs}" by now, which was promoted later: roll that back first`,
    { application },
  )
}

/** Nothing was changed but the order. */
async function undo(options: PromotionOptions, journal: Journal): Promise<RolledBack> {
  const { application, name, environment, tell } = options
  const { from } = journal.promotion!
  await environment.broker.upkeep.deleteTopic(preImagesTopic(application, name))
  await journal.forget([orderRecord(application, null)])
  tell('the order is lifted; nothing had been changed')
  const { runsAs, generation } = from
  return { outcome: 'undone', application, runsAs, generation, positions: [], sinks: [] }
}

async function recall({ application, name }: PromotionOptions, journal: Journal): Promise<void> {
  const order = orderRecord(application, { order: 'drain', by: `replay rollback ${name}` })
  await journal.note({ ...journal.promotion!, stage: 'returning' }, [order])
}

async function drain(options: PromotionOptions, journal: Journal): Promise<void> {
  const { topology, application, name, environment, tell } = options
  const group = shadowApplication(application, name)
  const waiting = (what: string) => tell(`waiting for ${what}`)
  const at = await drained({ topology, application, group, environment, waiting })
  tell(`what was promoted is drained at ${placesText(at)}`)
  await revert(journal)
}

/** From here on the pre-images count. */
async function revert(journal: Journal): Promise<void> {
  const { promotion } = journal
  await journal.note({ ...promotion!, stage: 'reverting', generation: promotion!.generation + 1 })
}

async function applyAndReturn(options: PromotionOptions, journal: Journal): Promise<readonly AppliedSink[]> {
  const { topology, application, environment, tell } = options
  const { generation, from, positions } = journal.promotion!
  tell(`writing into the live sinks what they held, generation ${generation}`)
  await raiseGenerations(options, generation)
  const sinks = await untilEqual(options, journal, { back: true })
  await raiseGenerations(options, generation + 1)
  await settleInputs({ topology, group: from.runsAs, environment, positions })
  await journal.note({ ...journal.promotion!, stage: 'rolled back' }, [
    deployedRecord(application, { runsAs: from.runsAs, generation: generation + 1 }),
    orderRecord(application, null),
  ])
  return sinks
}
