import { json, topic } from '../../../../lib/index.ts'
import { canonical } from '../canonical.ts'
import type { Json, Params } from '../scenario.ts'

/** The language of golden's topologies: keys are text, values JSON. */
export const jsonTopic = (name: string) => topic(name, { value: json<Json>() })

/** Null is "null", a text itself, anything else canonical JSON. */
export function str(value: Json): string {
  return typeof value === 'string' ? value : canonical(value)
}

/** "!" deletes the aggregate. */
export function append(aggregate: string, value: Json): string | null {
  return value === '!' ? null : `${aggregate}+${str(value)}`
}

export function joined(left: Json, right: Json): string {
  return `${str(left)}+${str(right)}`
}

export function isEven(value: Json): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value % 2 === 0
}

export function number(params: Params, name: string): number {
  const value = params[name]
  if (typeof value !== 'number')
    throw new Error(`param ${name} must be a number, not ${JSON.stringify(value)}`)
  return value
}

/** A field of a value that may be anything. */
export function field(value: Json, name: string): Json {
  const there = typeof value === 'object' && value !== null && !Array.isArray(value)
  return there ? ((value as Readonly<Record<string, Json>>)[name] ?? null) : null
}
