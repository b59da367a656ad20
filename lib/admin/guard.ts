import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { AdminError } from './admin-error.ts'
import { hostnameOf } from './endpoint.ts'

interface Guarded {
  /** Without one only this machine is answered: the server listens to nobody else. */
  readonly token: string | undefined
  /** `host:port` under which others know this instance. */
  readonly endpoint: string | undefined
}

export interface Asked {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  /** Probes tell nothing, and may come without a token. */
  readonly probe: boolean
}

/**
 * Who may ask. A page in a browser of this machine must not: it would send its own name as `Host` (DNS rebinding), or as
 * `Origin`. With a token nobody may without it.
 *
 * @throws AdminError 401, 403
 */
export function guard({ method, headers, probe }: Asked, { token, endpoint }: Guarded): void {
  if (!isOurs(headers.host, endpoint)) {
    throw new AdminError(
      403,
      'FOREIGN_HOST',
      'the request is for a host that this is not',
      'ask by IP address, as localhost, or as --advertise says',
    )
  }
  const { origin, host } = headers
  if (headers['sec-fetch-site'] === 'cross-site' || (origin !== undefined && !isSame(origin, host))) {
    throw new AdminError(403, 'FOREIGN_ORIGIN', 'the request comes from a page of another site', NO_BROWSERS)
  }
  if (token === undefined || (probe && method === 'GET')) return
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (given !== undefined && isEqual(given, token)) return
  throw new AdminError(
    401,
    'NO_TOKEN',
    given === undefined ? 'a token is needed' : 'that is not the token',
    'send Authorization: Bearer with what the worker has in MILLRACE_ADMIN_TOKEN',
  )
}

const NO_BROWSERS = 'ask from a program, or from a page of this address'

/** An IP address can't be rebound: a page found by it has it as its own name. */
function isOurs(host: string | undefined, endpoint: string | undefined): boolean {
  const name = hostnameOf(host ?? '')
  if (name === undefined) return false
  return name === 'localhost' || isIP(name) !== 0 || name === hostnameOf(endpoint ?? '')
}

function isSame(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
}

/** Takes as long, whatever is wrong. */
function isEqual(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
