import { MillraceError } from '../errors.ts'
import { SILENT } from '../log.ts'
import type { Lookup } from '../ports.ts'
import type { Environment } from '../runtime/environment.ts'
import { memoryRegistry } from './memory-registry.ts'

/** Nothing is opened of the outside: tables are never written, and look-ups are those of the test. */
export function testEnvironment(lookups: Readonly<Record<string, Lookup>> = {}): Environment {
  const unused = () => {
    throw new MillraceError('INTERNAL', 'the test driver has no broker')
  }
  const sink = { prepare: async () => {}, write: async () => {}, close: async () => {} }
  const connector = { open: async () => sink, resources: () => [], close: async () => {} }
  const any = <C>(made: C) => new Proxy({}, { get: () => made }) as Readonly<Record<string, C>>
  return {
    broker: {
      admin: undefined as never,
      upkeep: undefined as never,
      consumer: unused,
      producer: unused,
      transactions: unused,
      read: unused,
      close: async () => {},
    },
    registry: memoryRegistry(),
    sinks: any(connector),
    lookups: any({
      openLookup: ({ name }) => lookups[name] ?? { load: async () => new Map() },
      lookupResources: () => [],
    }),
    log: SILENT,
  }
}
