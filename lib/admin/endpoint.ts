import { isIP } from 'node:net'
import { MillraceError } from '../errors.ts'

/** The name in `host:port`, in lower case and without the brackets of IPv6; undefined where there is none. */
export function hostnameOf(endpoint: string): string | undefined {
  const [, six, name] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(endpoint) ?? []
  return (six ?? name)?.toLowerCase()
}

/** Whether it is `host:port`. */
export function isEndpoint(text: string): boolean {
  const port = Number(/:(\d{1,5})$/.exec(text)?.[1])
  return hostnameOf(text) !== undefined && port >= 1 && port <= 65_535
}

export function endpointOf(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

export function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/**
 * Anybody who reaches the port could read what stores hold, and pause the work.
 *
 * @throws MillraceError `CONFIG` for an address that others can reach, without a token.
 */
export function requireTokenFor(host: string, token: string | undefined): void {
  if (isLoopback(host) || token !== undefined) return
  const message = `${host} can be reached from other machines: set MILLRACE_ADMIN_TOKEN to a secret of at least ${SHORTEST_TOKEN} characters that all instances share, or leave --host out to listen on 127.0.0.1 only`
  throw new MillraceError('CONFIG', message)
}

export const SHORTEST_TOKEN = 16
