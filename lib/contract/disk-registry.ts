import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError, messageOf } from '../errors.ts'
import type { SchemaRegistry } from '../ports.ts'
import { parseAvro } from './guarded-types.ts'

interface Stored {
  /** `schemas[i]` has the id i + 1. */
  readonly schemas: string[]
  /** Ids by subject, oldest version first. */
  readonly subjects: Record<string, number[]>
}

/** A lock older than this was left behind by a process that died. Milliseconds. */
const STALE_LOCK = 10_000

/**
 * A schema registry in one file, for the embedded mode: same ids, subjects and wire format, compatibility
 * BACKWARD_TRANSITIVE (a new version must read what any earlier one wrote). Durable: written beside and renamed.
 */
export function diskRegistry(file: string): SchemaRegistry {
  const read = (): Stored => {
    try {
      return JSON.parse(readFileSync(file, 'utf8'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { schemas: [], subjects: {} }
      throw new MillraceError('CONFIG', `the schemas in ${file} can't be read: ${messageOf(error)}`)
    }
  }
  const find = ({ schemas, subjects }: Stored, subject: string, schema: string) =>
    subjects[subject]?.find((id) => schemas[id - 1] === schema)

  return {
    schemaById: async (id) => read().schemas[id - 1],
    idOf: async (subject, schema) => find(read(), subject, schema),
    incompatibility: async (subject, schema) => incompatibility(read(), subject, schema),
    register: (subject, schema) =>
      locked(file, () => {
        const stored = read()
        const known = find(stored, subject, schema)
        if (known !== undefined) return known
        const reason = incompatibility(stored, subject, schema)
        if (reason !== undefined) {
          throw new MillraceError('CONTRACT', `subject ${subject} does not take this schema: ${reason}`)
        }
        const id = idFor(stored, schema)
        stored.subjects[subject] = [...(stored.subjects[subject] ?? []), id]
        writeFileSync(`${file}.new`, `${JSON.stringify(stored, null, 2)}\n`)
        renameSync(`${file}.new`, file)
        return id
      }),
  }
}

/** The same schema has the same id under every subject, as in Confluent's registry. */
function idFor({ schemas }: Stored, schema: string): number {
  const index = schemas.indexOf(schema)
  return index < 0 ? schemas.push(schema) : index + 1
}

function incompatibility({ schemas, subjects }: Stored, subject: string, schema: string): string | undefined {
  try {
    const reader = parseAvro(JSON.parse(schema), 'always')
    for (const id of subjects[subject] ?? [])
      reader.createResolver(parseAvro(JSON.parse(schemas[id - 1]!), 'always'))
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

async function locked<T>(file: string, work: () => T): Promise<T> {
  const lock = `${file}.lock`
  mkdirSync(dirname(file), { recursive: true })
  while (!take(lock)) await delay(20)
  try {
    return work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    if (age > STALE_LOCK) rmSync(lock, { force: true })
    return false
  }
}
