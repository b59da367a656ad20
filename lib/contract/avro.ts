import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import { MillraceError, messageOf } from '../errors.ts'
import { parseAvro, partsOf } from './guarded-types.ts'

/** What a topic's values are: an Avro record schema, with the TypeScript type of its values. */
export interface Contract<T> {
  /** As in the file's name: `random-user` for `random-user.v1.avsc`. */
  readonly name: string
  readonly version: number
  /** The schema as written, with `doc` and `sensitive` properties. */
  readonly schema: unknown
  /** What is registered: keys in a fixed order, no docs, no white space, so that those make no new versions. */
  readonly text: string
  /** SHA-256 (hex) of the Parsing Canonical Form: equal for schemas with equal bytes. */
  readonly fingerprint: string
  readonly type: avsc.Type
  readonly file?: URL | undefined
  /** Phantom: carries T, is never set. */
  readonly holds?: (() => T) | undefined
}

export interface ContractDefinition {
  readonly name: string
  readonly version: number
  /** A parsed `.avsc`. */
  readonly schema: unknown
  readonly file?: URL | undefined
}

/**
 * Values are plain: unions unwrapped; `timestamp-millis` a number of milliseconds and `date` a number of days, both
 * since 1970 UTC; `uuid` a string; `bytes` a Buffer; a `long` a number within ±2^53.
 * Throws `CONTRACT` for a schema that could lose, leak or blow up (see `refuse`).
 */
export function contract<T>(definition: ContractDefinition): Contract<T> {
  const { name, version, schema, file } = definition
  const type = parsed(definition)
  refuse(definition, type)
  return Object.freeze({
    name,
    version,
    schema,
    file,
    type,
    text: JSON.stringify(withoutDocs(schema)),
    fingerprint: type.fingerprint('sha256').toString('hex'),
  })
}

/** Reads `<name>.v<N>.avsc`. */
export function contractFile<T>(file: URL): Contract<T> {
  const match = /^(?<name>.+)\.v(?<version>\d+)\.avsc$/.exec(basename(fileURLToPath(file)))
  if (!match?.groups) {
    throw new MillraceError('CONTRACT', `${file.href} is not named like a contract: name it <name>.v<N>.avsc`)
  }
  return contract<T>({
    name: match.groups.name!,
    version: Number(match.groups.version),
    schema: JSON.parse(readFileSync(file, 'utf8')),
    file,
  })
}

function parsed(definition: ContractDefinition): avsc.Type {
  try {
    return parseAvro(definition.schema, 'never')
  } catch (error) {
    throw refusal(definition, messageOf(error))
  }
}

const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])
/** Never leaves staging, whatever else a payload holds. */
const SECRETS = new Set(['password', 'salt', 'md5', 'sha1', 'sha256'])

function refuse(definition: ContractDefinition, type: avsc.Type): void {
  if (!(type instanceof avsc.types.RecordType)) throw refusal(definition, 'it must be a record')
  for (const part of partsOf(type)) {
    if (!(part instanceof avsc.types.RecordType)) continue
    for (const field of part.fields) {
      for (const name of [field.name, ...field.aliases]) refuseName(definition, `${part.name}.${name}`, name)
    }
  }
}

function refuseName(definition: ContractDefinition, place: string, name: string): void {
  if (RESERVED.has(name))
    throw refusal(definition, `${place} would be lost: JavaScript objects reserve that name`)
  if (SECRETS.has(name.toLowerCase())) {
    throw refusal(definition, `${place} is a secret and must not leave staging: remove the field`)
  }
}

function refusal(definition: ContractDefinition, reason: string): MillraceError {
  return new MillraceError(
    'CONTRACT',
    `contract ${definition.name} v${definition.version} is refused: ${reason}`,
  )
}

/** A copy with keys in order; a `default` is data and keeps what it holds. */
function withoutDocs(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutDocs)
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).filter(([key]) => key !== 'doc')
  return Object.fromEntries(
    entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, key === 'default' ? value : withoutDocs(value)]),
  )
}
