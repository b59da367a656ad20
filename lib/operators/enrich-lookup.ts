import type { Lookup } from '../ports.ts'
import type { Context } from '../record.ts'
import type { Enrichment, EnrichNode } from '../topology/nodes.ts'
import { attempt, type Waiting } from './attempt.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

type LookupEnrichment = Extract<Enrichment, { how: 'lookup' }>

/** Batched: one request per micro-batch for the keys that the cache does not hold. */
export function lookupEnrichment(
  node: EnrichNode,
  said: LookupEnrichment,
  port: Lookup,
  next: Push,
  runtime: StepRuntime,
) {
  const by = guarded(node, said.by, runtime)
  const mergeOf = said.merge as (value: unknown, row: unknown, context: Context) => unknown
  const cache = new Cache(said.cacheFor, said.cacheSize)

  return async (batch: readonly Waiting[], signal: AbortSignal): Promise<void> => {
    const keys = batch.map(({ value, context }) => by(value, context))
    const wanted = new Set(keys.filter((key) => typeof key === 'string'))
    const rows = new Map<string, unknown>()
    const unknown: string[] = []
    for (const key of wanted) {
      if (!cache.read(key, rows)) unknown.push(key)
    }
    let failure: { error: unknown } | undefined
    if (unknown.length > 0) {
      try {
        const loaded = await attempt(node, (limit) => port.load(unknown, limit), signal, runtime)
        for (const key of unknown) cache.write(key, loaded.get(key), rows)
      } catch (error) {
        signal.throwIfAborted()
        failure = { error }
      }
    }
    for (const [index, { value, context }] of batch.entries()) {
      const key = keys[index]
      if (key === REFUSED) continue
      if (failure !== undefined && typeof key === 'string' && !rows.has(key)) {
        runtime.refuse(node, failure.error, context)
        continue
      }
      const row = typeof key === 'string' ? rows.get(key) : undefined
      if (row === undefined) runtime.count(node.name, 'unmatched')
      const merged = guarded(node, (v: unknown) => mergeOf(v, row, context), runtime)(value, context)
      if (merged !== REFUSED) next(merged, context)
    }
  }
}

/** Rows and known absences, oldest out first. */
class Cache {
  readonly #entries = new Map<string, { readonly row: unknown; readonly until: number }>()
  readonly #ttl: number
  readonly #size: number

  constructor(ttl: number, size: number) {
    this.#ttl = ttl
    this.#size = size
  }

  read(key: string, into: Map<string, unknown>): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.until <= Date.now()) return false
    into.set(key, entry.row)
    return true
  }

  write(key: string, row: unknown, into: Map<string, unknown>): void {
    into.set(key, row)
    this.#entries.delete(key)
    this.#entries.set(key, { row, until: Date.now() + this.#ttl })
    if (this.#entries.size > this.#size) this.#entries.delete(this.#entries.keys().next().value!)
  }
}
