import { Ledger } from '../deployed/ledger.ts'
import { MillraceError } from '../errors.ts'
import type { Resource } from '../ports.ts'
import { labelOf, resourcesOf } from '../runtime/resources.ts'
import { shadowApplication, shadowOf } from './shadow.ts'
import { claimShadow, type NamedShadow } from './shadow-record.ts'

/**
 * Creates what is missing of a shadow, and nothing of the live application's: its inputs must be there. Idempotent.
 *
 * @throws MillraceError `DATA_LOSS` where something else has one of its names, `CONTRACT` where it is there already and
 * is not as the file says it now.
 */
export async function createShadow(
  shadow: NamedShadow,
  created: (resource: Resource) => void = () => {},
): Promise<void> {
  const { topology, application, name, environment } = shadow
  await ensure([Ledger.resource(environment.broker)], name, created)
  await claimShadow(shadow)
  const live = new Set(resourcesOf(topology, application, environment).map(labelOf))
  const own = resourcesOf(shadowOf(topology, name), shadowApplication(application, name), environment).filter(
    (resource) => !live.has(labelOf(resource)),
  )
  await ensure(own, name, created)
}

async function ensure(
  resources: readonly Resource[],
  name: string,
  created: (resource: Resource) => void,
): Promise<void> {
  for (const resource of resources) {
    const state = await resource.inspect()
    if (typeof state === 'object') {
      throw new MillraceError(
        'CONTRACT',
        `${labelOf(resource)} of shadow "${name}" is not as the file says: ${state.differs}. \`millrace replay clean ${name} FILE\` removes the shadow`,
      )
    }
    if (state === 'present') continue
    await resource.create()
    created(resource)
  }
}
