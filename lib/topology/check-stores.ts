import { MillraceError } from '../errors.ts'
import { checkName } from './check-name.ts'
import type { Node, Topology } from './nodes.ts'
import type { StoreSpec } from './store.ts'
import { storesOf } from './stores-of.ts'

/**
 * A store's name is that of its state and of its changelog topic: two stores of one name would overwrite each other.
 * One spec given to several `process` steps is one store, which they share. (Topology#connectProcessorAndStateStores)
 *
 * @throws MillraceError `CONFIG`, naming steps and store.
 */
export function checkStores({ name: topology, nodes }: Topology): void {
  const known = new Map<string, { readonly store: StoreSpec; readonly node: Node }>()
  for (const node of nodes) {
    for (const store of storesOf(node)) {
      checkName(`store of step "${node.name}"`, store.name)
      const first = known.get(store.name)
      known.set(store.name, first ?? { store, node })
      if (first === undefined || first.store === store) continue
      const whose =
        first.node === node ? `step "${node.name}"` : `steps "${first.node.name}" and "${node.name}"`
      const message = `${whose} of topology "${topology}" would have two stores named "${store.name}"; rename one`
      throw new MillraceError('CONFIG', message, { step: node.name })
    }
  }
}
