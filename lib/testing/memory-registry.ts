import type { SchemaRegistry } from '../ports.ts'

/** A schema registry for one test: every contract is registered when it is first asked for. */
export function memoryRegistry(): SchemaRegistry {
  const schemas: string[] = []
  const idOf = (schema: string): number => {
    if (!schemas.includes(schema)) schemas.push(schema)
    return schemas.indexOf(schema) + 1
  }
  return {
    schemaById: async (id) => schemas[id - 1],
    idOf: async (_subject, schema) => idOf(schema),
    incompatibility: async () => undefined,
    register: async (_subject, schema) => idOf(schema),
  }
}
