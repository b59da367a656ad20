import { SchemaRegistry as Client, COMPATIBILITY, SchemaType } from '@kafkajs/confluent-schema-registry'
import { MillraceError, messageOf } from '../errors.ts'
import type { SchemaRegistry } from '../ports.ts'
import {
  ask,
  failure,
  inTime,
  type RegistryAddress,
  TIMEOUT,
  withoutCredentials,
} from './registry-answers.ts'

/** How long the answer "no such id" is believed, in milliseconds. */
const UNKNOWN_FOR = 10_000
const MOST_UNKNOWN = 10_000

const NO_SUBJECT = 40401
const NO_SCHEMA = 40403

/**
 * A registry that speaks Confluent's API, through its kafkajs client. That client sets a subject's compatibility only
 * after the first registration and refuses where it differs, so it is set here first.
 */
export function schemaRegistry(address: RegistryAddress): SchemaRegistry {
  const to = withoutCredentials(address)
  const client = new Client({
    host: to.url,
    ...(to.auth ? { auth: to.auth } : {}),
    // No `retry` option: the client writes it into defaults that all its instances share.
    middlewares: [
      () => ({ prepareRequest: async (next) => (await next()).enhance({ timeout: to.timeout ?? TIMEOUT }) }),
    ],
  })
  const unknown = new Map<number, number>()

  return {
    async schemaById(id) {
      if ((unknown.get(id) ?? 0) > Date.now()) return undefined
      const schema = await schemaFrom(client, to, id)
      if (schema === undefined) remember(unknown, id)
      return schema
    },

    async idOf(subject, schema) {
      const answer = await ask(to, 'POST', `/subjects/${encodeURIComponent(subject)}`, { schema })
      if (answer.status === 200) return Number(answer.body.id)
      if (answer.code === NO_SUBJECT || answer.code === NO_SCHEMA) return undefined
      throw failure(to, answer.status, answer.message)
    },

    async incompatibility(subject, schema) {
      const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions?verbose=true`
      const answer = await ask(to, 'POST', path, { schema })
      if (answer.code === NO_SUBJECT) return undefined
      if (answer.status !== 200) throw failure(to, answer.status, answer.message)
      if (answer.body.is_compatible === true) return undefined
      // Apicurio says `reason`, Confluent a list of `messages`.
      return String(answer.body.reason ?? answer.body.messages ?? 'incompatible')
    },

    async register(subject, schema) {
      const compatibility = await ensureCompatibility(to, subject)
      try {
        const avro = { type: SchemaType.AVRO, schema } as const
        return (await inTime(to, client.register(avro, { subject, compatibility }))).id
      } catch (error) {
        throw registrationFailure(to, subject, error)
      }
    },
  }
}

async function schemaFrom(client: Client, to: RegistryAddress, id: number): Promise<string | undefined> {
  try {
    return avroText(id, await inTime(to, client.getSchema(id)))
  } catch (error) {
    // A bug must stop the worker; it must not make poison of every record.
    if (error instanceof MillraceError || error instanceof TypeError || error instanceof ReferenceError)
      throw error
    const status = statusOf(error)
    if (status === undefined) {
      throw new MillraceError('POISON', `schema ${id} is refused: ${messageOf(error)}`, { schemaId: id })
    }
    if (status === 404 && (await isUnknown(to, id))) return undefined
    throw failure(to, status, messageOf(error))
  }
}

/** A wrong URL answers 404 too, and must not turn every record into poison. */
async function isUnknown(to: RegistryAddress, id: number): Promise<boolean> {
  return (await ask(to, 'GET', `/schemas/ids/${id}`)).code === NO_SCHEMA
}

/** References are resolved: one text holds all that the schema needs. */
function avroText(id: number, schema: unknown): string {
  const isAvro = typeof (schema as { createResolver?: unknown }).createResolver === 'function'
  if (isAvro) return JSON.stringify(schema)
  throw new MillraceError('POISON', `schema ${id} is not an Avro schema`, { schemaId: id })
}

function remember(unknown: Map<number, number>, id: number): void {
  if (unknown.size >= MOST_UNKNOWN) unknown.clear()
  unknown.set(id, Date.now() + UNKNOWN_FOR)
}

/** FULL_TRANSITIVE is stricter and stays; whatever else is set becomes BACKWARD_TRANSITIVE. */
async function ensureCompatibility(to: RegistryAddress, subject: string): Promise<COMPATIBILITY> {
  const path = `/config/${encodeURIComponent(subject)}`
  const level = (await ask(to, 'GET', path)).body.compatibilityLevel
  if (level === COMPATIBILITY.FULL_TRANSITIVE) return COMPATIBILITY.FULL_TRANSITIVE
  if (level !== COMPATIBILITY.BACKWARD_TRANSITIVE) {
    const answer = await ask(to, 'PUT', path, { compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE })
    if (answer.status !== 200) throw failure(to, answer.status, answer.message)
  }
  return COMPATIBILITY.BACKWARD_TRANSITIVE
}

function registrationFailure(to: RegistryAddress, subject: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error
  const status = statusOf(error)
  if (status !== undefined && status !== 409 && status !== 422) return failure(to, status, messageOf(error))
  return new MillraceError(
    'CONTRACT',
    `subject ${subject} refuses the schema: ${messageOf(error)}. A new version must read all earlier ones: give new fields a default, don't change types`,
  )
}

/** The client's errors carry the HTTP status where there was one; it calls a network fault 400. */
function statusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | null)?.status
  return typeof status === 'number' ? status : undefined
}
