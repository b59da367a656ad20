import type { AddressInfo } from 'node:net'
import { type FastifyInstance, fastify } from 'fastify'
import { MillraceError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { AdminError, errorBody } from './admin-error.ts'
import { controlRoutes } from './control-routes.ts'
import { endpointOf, isEndpoint, isEveryAddress, requireTokenFor, SHORTEST_TOKEN } from './endpoint.ts'
import { guard } from './guard.ts'
import { healthRoutes } from './health-routes.ts'
import { Metrics } from './metrics.ts'
import { Peers } from './peers.ts'
import { storeRoutes } from './store-routes.ts'
import { topologyRoute } from './topology-route.ts'
import { type LocalWorker, Workers } from './workers.ts'

export interface AdminOptions {
  /** 0: any that is free. */
  readonly port: number
  /** Which address to listen on. Default 127.0.0.1; any that others can reach needs a token. */
  readonly host?: string | undefined
  /** What everybody but a probe has to send. Needed where others can reach the port. */
  readonly token?: string | undefined
  /** `host:port` at which other instances reach this one. Default: where it listens, if that is one address. */
  readonly advertise?: string | undefined
  /** The names of those that are to run. */
  readonly topologies: readonly string[]
  readonly log: Logger
  /** How long a worker may take to say how it is before it counts as stuck. Milliseconds, default 5 s. */
  readonly patience?: number | undefined
}

export interface Admin {
  /** Where it listens. */
  readonly url: string
  /** For the worker to tell its group: `host:port`. */
  readonly endpoint: string | undefined
  /** A worker of one of the topologies, of this thread or of another. */
  add(worker: LocalWorker): void
  close(): Promise<void>
}

/** Nothing that is asked here has a body of any size. */
const LARGEST_BODY = 16 << 10
/** Keys may be long. */
const LONGEST_PARAMETER = 4096

/**
 * Serves health, figures and what stores hold over HTTP. Started before the workers, so that they can advertise the port.
 *
 * @throws MillraceError `CONFIG` for an address that it may not or can't listen on.
 */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const { host = '127.0.0.1', token, advertise, topologies } = options
  requireTokenFor(host, token)
  if (token !== undefined && token.length < SHORTEST_TOKEN) {
    throw new MillraceError('CONFIG', `MILLRACE_ADMIN_TOKEN needs at least ${SHORTEST_TOKEN} characters`)
  }
  if (advertise !== undefined && !isEndpoint(advertise)) {
    throw new MillraceError('CONFIG', `--advertise ${advertise} is no host:port`)
  }
  const workers = new Workers(topologies, options.patience)
  const metrics = new Metrics(workers)
  const known = { token, endpoint: advertise }
  const server = guarded(known, options.log)
  healthRoutes(server, workers)
  topologyRoute(server, workers, () => known.endpoint)
  controlRoutes(server, workers)
  storeRoutes(server, workers, new Peers(token))
  server.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  const port = await listen(server, host, options.port)
  known.endpoint ??= isEveryAddress(host) ? undefined : endpointOf(host, port)
  return {
    url: `http://${endpointOf(isEveryAddress(host) ? '127.0.0.1' : host, port)}`,
    endpoint: known.endpoint,
    add: (worker) => workers.add(worker),
    async close() {
      await server.close()
      metrics.close()
    },
  }
}

function guarded(known: { readonly token: string | undefined; endpoint: string | undefined }, log: Logger) {
  const server = fastify({
    bodyLimit: LARGEST_BODY,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    requestTimeout: 10_000,
    forceCloseConnections: true,
  })
  server.addHook('onRequest', async ({ method, headers, routeOptions }) => {
    guard({ method, headers, probe: routeOptions.url === '/live' || routeOptions.url === '/ready' }, known)
  })
  server.addHook('onSend', async (_, reply) => {
    reply.headers({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
  })
  server.setNotFoundHandler(async ({ method }) => {
    throw new AdminError(404, 'UNKNOWN_ROUTE', `${method} is not answered here`, ROUTES)
  })
  server.setErrorHandler(async (error, _, reply) => {
    const shown = shownOf(error)
    if (shown.status === 500) log.warn({}, `a request failed: ${messageOf(error)}`)
    if (shown.status === 503) reply.header('retry-after', '1')
    return reply.status(shown.status).send(errorBody(shown))
  })
  return server
}

const ROUTES =
  'there are GET /live, /ready, /metrics, /topology, /stores, /stores/:name, /stores/:name/:key, and POST /pause, /resume'

/** Errors of the server's own say nothing of what is stored. */
function shownOf(error: unknown): AdminError {
  if (error instanceof AdminError) return error
  const { statusCode = 500, code = 'INTERNAL' } = error as { statusCode?: number; code?: string }
  if (statusCode === 413) {
    return new AdminError(413, 'TOO_LARGE', `the body is larger than ${LARGEST_BODY} bytes`, 'send less')
  }
  if (statusCode < 500) {
    return new AdminError(statusCode, code, messageOf(error), 'change the request')
  }
  return new AdminError(500, 'INTERNAL', 'the request failed', 'see the log of this instance')
}

async function listen(server: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await server.listen({ host, port })
    return (server.server.address() as AddressInfo).port
  } catch (error) {
    await server.close()
    throw new MillraceError(
      'CONFIG',
      `can't listen on ${endpointOf(host, port)}: ${messageOf(error)}; choose another --port, or 0 for any`,
      { cause: error },
    )
  }
}
