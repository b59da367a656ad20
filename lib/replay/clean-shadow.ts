import { deployedAs } from '../deployed/application.ts'
import { MillraceError } from '../errors.ts'
import { connectorFor } from '../runtime/open.ts'
import { executeReset, planReset, type ResetOptions } from '../runtime/reset/reset.ts'
import { forgetPromotion, readPromotions } from './promotion/journal.ts'
import { preImagesTopic } from './promotion/pre-images.ts'
import { noteReplay } from './replay-record.ts'
import { shadowApplication, shadowOf } from './shadow.ts'
import { forgetShadow, type NamedShadow, requireShadow } from './shadow-record.ts'

export interface CleanOptions extends NamedShadow {
  readonly stateDir: string
}

/** What a shadow consists of: all of it is removed. */
export interface CleanPlan {
  readonly application: string
  /** Those it writes, and its internal ones. */
  readonly topics: readonly string[]
  readonly tables: readonly string[]
  /** Folders of tasks on this machine. */
  readonly state: readonly string[]
}

/**
 * What `cleanShadow` would remove. Changes nothing.
 *
 * @throws MillraceError `MISSING` where there is no such shadow, `DATA_LOSS` while a replay into it runs, and where the
 * application runs on its state.
 */
export async function planClean(options: CleanOptions): Promise<CleanPlan> {
  const { environment, application, name } = options
  const record = await requireShadow(options)
  await requireNotPromoted(options)
  const { topics: internal, state } = await planReset(resetOptions(options))
  const there = await environment.broker.admin.topics([...record.topics, preImagesTopic(application, name)])
  return {
    application: shadowApplication(application, name),
    topics: [...there.map(({ topic }) => topic), ...internal],
    tables: record.tables.map(({ connector, name: table }) => `${connector} table ${table}`),
    state,
  }
}

/** Removes it. Can be killed at any point, and done again: that it was there is forgotten last. */
export async function cleanShadow(options: CleanOptions): Promise<CleanPlan> {
  const { environment, application, name } = options
  const plan = await planClean(options)
  const { tables, topics } = await requireShadow(options)
  const reset = resetOptions(options)
  await executeReset(await planReset(reset), reset)
  for (const topic of [...topics, preImagesTopic(application, name)])
    await environment.broker.upkeep.deleteTopic(topic)
  for (const target of tables) {
    const connector = connectorFor(environment.sinks, target.connector, target.name)
    if (connector.drop === undefined) {
      throw new MillraceError(
        'CONFIG',
        `${target.connector} can't drop table ${target.name} of shadow "${name}"`,
      )
    }
    await connector.drop(target)
  }
  await noteReplay(environment, application, name, null)
  await forgetPromotion(environment, application, name)
  await forgetShadow(options)
  return plan
}

function resetOptions({ topology, application, name, environment, stateDir }: CleanOptions): ResetOptions {
  return {
    topology: shadowOf(topology, name),
    application: shadowApplication(application, name),
    environment,
    stateDir,
    to: { how: 'earliest' },
    sinks: false,
  }
}

/** The application runs on it, or would again after a rollback. */
async function requireNotPromoted({ application, name, environment }: CleanOptions): Promise<void> {
  const own = shadowApplication(application, name)
  const refuse = (why: string) => {
    throw new MillraceError('DATA_LOSS', why, { application })
  }
  const { runsAs } = await deployedAs(environment.broker, application)
  if (runsAs === own) {
    refuse(
      `application "${application}" runs on the state of shadow "${name}", which was promoted: \`millrace replay rollback ${name} FILE\` gives it back`,
    )
  }
  for (const { name: other, value } of await readPromotions(environment, application)) {
    const { stage, from } = value
    if (stage === 'rolled back') continue
    if (other === name)
      refuse(`shadow "${name}" is being promoted or rolled back (${stage}): finish that first`)
    if (from.runsAs === own) {
      refuse(
        `\`millrace replay rollback ${other} FILE\` would have application "${application}" run on the state of shadow "${name}" again`,
      )
    }
  }
}
