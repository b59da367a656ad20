import { MillraceError } from '../errors.ts'
import { connectorFor } from '../runtime/open.ts'
import { executeReset, planReset, type ResetOptions } from '../runtime/reset/reset.ts'
import { forgetPromotion } from './promotion/journal.ts'
import { preImagesTopic } from './promotion/pre-images.ts'
import { requireNotPromoted } from './promotion/require-not-promoted.ts'
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
