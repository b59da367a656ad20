import { MillraceError } from '../errors.ts'
import type { Contract } from './avro.ts'

/** The parts of an Avro schema that matter for types. */
interface Named {
  readonly name: string
  readonly doc?: string
}
interface Field extends Named {
  readonly type: Schema
  readonly default?: unknown
}
type Schema = string | readonly Schema[] | Definition
interface Definition {
  readonly type: Schema
  readonly name?: string
  readonly doc?: string
  readonly logicalType?: string
  readonly fields?: readonly Field[]
  readonly symbols?: readonly string[]
  readonly items?: Schema
  readonly values?: Schema
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string',
  bytes: 'Buffer',
}

const UNITS: Readonly<Record<string, string>> = {
  date: 'days since 1970',
  'timestamp-millis': 'milliseconds since 1970 UTC',
  uuid: 'uuid',
}

/**
 * `schemas/<name>.ts`, which stands beside the contract's newest `.avsc`: an interface for every record in it, and the
 * contract itself under its name in camelCase. `library` is where `contractFile` comes from.
 */
export function typeScriptOf(contract: Contract<unknown>, library = '../lib/index.ts'): string {
  const declarations: string[] = []
  const root = typeOf(contract.schema as Schema, declarations)
  const file = `${contract.name}.v${contract.version}.avsc`
  return `${[
    `// Generated from ${file} by \`millrace types\`: change the schema, not this file.`,
    `import { contractFile } from '${library}'`,
    '',
    ...declarations.reverse().flatMap((text) => [text, '']),
    `export const ${camelCase(contract.name)} = contractFile<${root}>(new URL('./${file}', import.meta.url))`,
  ].join('\n')}\n`
}

function typeOf(schema: Schema, declarations: string[]): string {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? unqualified(schema)
  if (isUnion(schema)) return unionOf(schema, declarations)
  const { type } = schema
  if (type === 'record') return recordOf(schema, declarations)
  if (type === 'enum') return enumOf(schema, declarations)
  if (type === 'array') return `ReadonlyArray<${typeOf(schema.items!, declarations)}>`
  if (type === 'map') return `Readonly<Record<string, ${typeOf(schema.values!, declarations)}>>`
  if (type === 'fixed') return 'Buffer'
  return typeOf(type, declarations)
}

/** `null` last, as one would write it. */
function unionOf(branches: readonly Schema[], declarations: string[]): string {
  const types = branches.map((branch) => typeOf(branch, declarations))
  return [...types.filter((type) => type !== 'null'), ...types.filter((type) => type === 'null')].join(' | ')
}

function enumOf(schema: Definition, declarations: string[]): string {
  const name = nameOf(schema)
  const symbols = (schema.symbols ?? []).map((symbol) => `'${symbol}'`)
  declarations.push(`export type ${name} = ${symbols.join(' | ')}`)
  return name
}

function recordOf(record: Definition, declarations: string[]): string {
  const name = nameOf(record)
  const fields = (record.fields ?? []).flatMap((field) => [
    ...comment('  ', unitOf(field.type), field.doc),
    `  readonly ${field.name}: ${typeOf(field.type, declarations)}`,
  ])
  declarations.push([...comment('', record.doc), `export interface ${name} {`, ...fields, '}'].join('\n'))
  return name
}

function comment(indent: string, ...parts: readonly (string | undefined)[]): string[] {
  const text = parts.filter((part) => part !== undefined).join('; ')
  return text === '' ? [] : [`${indent}/** ${text.replaceAll('*/', '* /')} */`]
}

function nameOf(schema: Definition): string {
  if (schema.name === undefined)
    throw new MillraceError('CONTRACT', `a schema of type ${schema.type} has no name`)
  return unqualified(schema.name)
}

function unitOf(schema: Schema): string | undefined {
  if (typeof schema === 'string') return undefined
  if (isUnion(schema)) return schema.map(unitOf).find((unit) => unit !== undefined)
  return schema.logicalType === undefined ? undefined : UNITS[schema.logicalType]
}

function isUnion(schema: Schema): schema is readonly Schema[] {
  return Array.isArray(schema)
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
