import type { SchemaRegistry } from '../../lib/ports.ts'

/** A registry in memory, counting what it is asked: for specs of what is built on the port, not of a registry. */
export class MemoryRegistry implements SchemaRegistry {
  readonly asked: number[] = []
  failure: Error | undefined
  readonly #schemas = new Map<number, string>()
  readonly #subjects = new Map<string, number[]>()

  async schemaById(id: number): Promise<string | undefined> {
    this.asked.push(id)
    if (this.failure) throw this.failure
    return this.#schemas.get(id)
  }

  async idOf(subject: string, schema: string): Promise<number | undefined> {
    return this.#subjects.get(subject)?.find((id) => this.#schemas.get(id) === schema)
  }

  async incompatibility(): Promise<string | undefined> {
    return undefined
  }

  async register(subject: string, schema: string): Promise<number> {
    const known = [...this.#schemas].find(([, text]) => text === schema)?.[0]
    const id = known ?? this.#schemas.size + 1
    this.#schemas.set(id, schema)
    this.#subjects.set(subject, [...(this.#subjects.get(subject) ?? []), id])
    return id
  }
}
