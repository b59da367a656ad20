import { deployedAs } from '../../deployed/application.ts'
import { MillraceError } from '../../errors.ts'
import { shadowApplication } from '../shadow.ts'
import type { NamedShadow } from '../shadow-record.ts'
import { readPromotions } from './journal.ts'

type Named = Pick<NamedShadow, 'application' | 'name' | 'environment'>

/**
 * A shadow that may be removed: nothing runs as its group, nor would after a rollback.
 *
 * @throws MillraceError `DATA_LOSS`
 */
export async function requireNotPromoted({ application, name, environment }: Named): Promise<void> {
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
    if (other === name && stage !== 'promoted')
      refuse(`shadow "${name}" is being promoted or rolled back (${stage}): finish that first`)
    if (from.runsAs === own) {
      refuse(
        `\`millrace replay rollback ${other} FILE\` would have application "${application}" run on the state of shadow "${name}" again`,
      )
    }
  }
}

/**
 * A shadow that may be read into: its group has read for no sinks but its own.
 *
 * @throws MillraceError `DATA_LOSS`
 */
export async function requireNeverPromoted(named: Named): Promise<void> {
  await requireNotPromoted(named)
  const { application, name, environment } = named
  const known = await readPromotions(environment, application)
  if (!known.some((one) => one.name === name)) return
  throw new MillraceError(
    'DATA_LOSS',
    `shadow "${name}" was rolled back: what came since is not in its sinks. \`millrace replay clean ${name} FILE\`, and make it anew`,
    { application },
  )
}
