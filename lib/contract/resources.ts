import type { Resource, SchemaRegistry } from '../ports.ts'
import type { Contract } from './avro.ts'

/** A contract's registration under a subject, for `millrace apply` and the checks at start. */
export function subjectResource(
  contract: Contract<unknown>,
  subject: string,
  registry: SchemaRegistry,
): Resource {
  return {
    kind: 'subject',
    name: subject,
    async inspect() {
      if ((await registry.idOf(subject, contract.text)) !== undefined) return 'present'
      const reason = await registry.incompatibility(subject, contract.text)
      if (reason === undefined) return 'missing'
      return { differs: `contract ${contract.name} v${contract.version} is not compatible: ${reason}` }
    },
    async create() {
      await registry.register(subject, contract.text)
    },
  }
}
