import { MillraceError, messageOf } from '../errors.ts'

export const TIMEOUT = 5_000

export interface RegistryAddress {
  readonly url: string
  readonly auth?: { readonly username: string; readonly password: string } | undefined
  /** One request may take this long, in milliseconds; a call that the client may retry, twice that. Default 5 s. */
  readonly timeout?: number | undefined
}

/** Credentials in the URL become `auth`: the URL is shown in errors. */
export function withoutCredentials(address: RegistryAddress): RegistryAddress {
  const url = new URL(address.url)
  const { username, password } = url
  const inUrl = { username: decodeURIComponent(username), password: decodeURIComponent(password) }
  url.username = ''
  url.password = ''
  const auth = address.auth ?? (username === '' ? undefined : inUrl)
  return { ...address, url: url.href.replace(/\/+$/, ''), auth }
}

/** What a registry said; `code` is its own error code (0 where it gave none), e.g. 40403 for an unknown schema. */
export interface Answer {
  readonly status: number
  readonly code: number
  readonly message: string
  readonly body: Readonly<Record<string, unknown>>
}

const JSON_TYPE = 'application/vnd.schemaregistry.v1+json'

/** A call that the registry client does not offer, or whose error code it hides. Rejects with `UNREACHABLE`. */
export async function ask(
  to: RegistryAddress,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const { url, auth } = to
  const credentials = auth && Buffer.from(`${auth.username}:${auth.password}`).toString('base64')
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(to.timeout ?? TIMEOUT),
      headers: {
        accept: JSON_TYPE,
        'content-type': JSON_TYPE,
        ...(credentials === undefined ? {} : { authorization: `Basic ${credentials}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return answerOf(response.status, await response.text())
  } catch (error) {
    throw unreachable(to, messageOf(error instanceof Error && error.cause ? error.cause : error))
  }
}

function answerOf(status: number, text: string): Answer {
  const body = parsed(text)
  return {
    status,
    code: Number(body.error_code ?? 0),
    message: String(body.message ?? `HTTP ${status}`),
    body,
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** What an answer without a place of its own means: wrong credentials, or a registry that can't answer now. */
export function failure(to: RegistryAddress, status: number, message: string): MillraceError {
  if (status === 401 || status === 403) {
    return new MillraceError('CONFIG', `schema registry ${to.url} refuses these credentials (HTTP ${status})`)
  }
  return unreachable(to, message)
}

export function unreachable(to: RegistryAddress, reason: string): MillraceError {
  return new MillraceError(
    'UNREACHABLE',
    `schema registry ${to.url} does not answer as one (${reason}): start it, or correct SCHEMA_REGISTRY_URL`,
  )
}

/** The registry client retries, so that its calls may take longer than a request. */
export async function inTime<T>(to: RegistryAddress, call: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const limit = 2 * (to.timeout ?? TIMEOUT)
  const timer = setTimeout(() => late.reject(unreachable(to, `no answer within ${limit} ms`)), limit)
  try {
    return await Promise.race([call, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
