import { MillraceError, messageOf } from '../errors.ts'
import type { SchemaRegistry } from '../ports.ts'
import type { Contract } from './avro.ts'
import type { Resolver } from './avro-bytes.ts'
import { parseAvro } from './guarded-types.ts'
import { peekSchemaId } from './wire.ts'

/** How long an id that the registry does not know stays unknown before it is asked again, in milliseconds. */
const UNKNOWN_FOR = 10_000
const MOST_UNKNOWN = 10_000

type Writer = { readonly resolver: Resolver } | { readonly error: MillraceError; readonly until: number }

/** What is known of the schemas that wrote what one contract reads, by schema id. */
export class Writers {
  readonly #contract: Contract<unknown>
  readonly #registry: SchemaRegistry
  readonly #writers = new Map<number, Writer>()

  constructor(contract: Contract<unknown>, registry: SchemaRegistry) {
    this.#contract = contract
    this.#registry = registry
  }

  ready(values: readonly (Buffer | null)[]): Promise<void> | undefined {
    let wanted: Set<number> | undefined
    let last: number | undefined
    for (const bytes of values) {
      const id = bytes === null ? undefined : peekSchemaId(bytes)
      if (id === undefined || id === last) continue
      last = id
      if (this.#isDue(id)) wanted = (wanted ?? new Set()).add(id)
    }
    return wanted && this.#fetch(wanted)
  }

  /** Throws why values of this writer can't be read: `POISON` or `CONTRACT`. */
  resolver(id: number): Resolver {
    const writer = this.#writers.get(id)
    if (writer === undefined)
      throw new MillraceError('INTERNAL', `decode before ready for schema ${id}`, { schemaId: id })
    if ('error' in writer) throw writer.error
    return writer.resolver
  }

  #isDue(id: number): boolean {
    const writer = this.#writers.get(id)
    return writer === undefined || ('error' in writer && writer.until <= Date.now())
  }

  async #fetch(ids: ReadonlySet<number>): Promise<void> {
    for (const id of ids) this.#writers.set(id, await this.#writer(id))
    this.#forget()
  }

  async #writer(id: number): Promise<Writer> {
    try {
      const schema = await this.#registry.schemaById(id)
      if (schema !== undefined) return { resolver: resolverFor(this.#contract, id, schema) }
      throw new MillraceError('POISON', `schema ${id} is not known to the registry`, { schemaId: id })
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      if (error.code === 'POISON') return { error, until: Date.now() + UNKNOWN_FOR }
      if (error.code === 'CONTRACT') return { error, until: Number.POSITIVE_INFINITY }
      throw error
    }
  }

  /** Values with random ids must not fill the memory. */
  #forget(): void {
    if (this.#writers.size <= MOST_UNKNOWN) return
    for (const [id, writer] of this.#writers) {
      if ('error' in writer && writer.until <= Date.now()) this.#writers.delete(id)
    }
  }
}

/**
 * A schema of another record is `POISON`: one foreign value. One of the same record that this contract can't read
 * means that the contract is behind: `CONTRACT`, so that the worker stops instead of dead-lettering all that follows.
 */
function resolverFor(contract: Contract<unknown>, id: number, schema: string): Resolver {
  const writer = parsed(id, schema)
  if (writer.fingerprint('sha256').toString('hex') === contract.fingerprint) return undefined
  try {
    return contract.type.createResolver(writer)
  } catch (error) {
    if (![contract.type.name, ...(contract.type.aliases ?? [])].includes(writer.name)) {
      throw new MillraceError(
        'POISON',
        `schema ${id} is of ${writer.name ?? writer.typeName}, not ${contract.type.name}`,
        {
          schemaId: id,
        },
      )
    }
    throw new MillraceError(
      'CONTRACT',
      `contract ${contract.name} v${contract.version} can't read schema ${id} (${messageOf(error)}): upgrade this worker's contract`,
      { schemaId: id },
    )
  }
}

function parsed(id: number, schema: string) {
  try {
    return parseAvro(JSON.parse(schema), 'always')
  } catch (error) {
    throw new MillraceError('POISON', `schema ${id} is refused: ${messageOf(error)}`, { schemaId: id })
  }
}
