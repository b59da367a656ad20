import type { FastifyInstance } from 'fastify'
import type { AnsweredRow } from '../runtime/view/worker-view.ts'
import { AdminError } from './admin-error.ts'
import { askStore, onlyRow, type StoreRows, servedOf } from './ask-store.ts'
import type { Peers } from './peers.ts'
import { peerRequest, storeRequest } from './query-parameters.ts'
import type { Workers } from './workers.ts'

type Parameters = Readonly<Record<string, unknown>>

interface Named {
  readonly name: string
}

interface Keyed extends Named {
  readonly key: string
}

/** Reading what stores hold, wherever it is kept. (Interactive queries) */
export function storeRoutes(server: FastifyInstance, workers: Workers, peers: Peers): void {
  server.get('/stores', async () => ({ stores: await storeList(workers) }))

  server.get<{ Params: Named; Querystring: Parameters }>('/stores/:name', async ({ params, query }) => {
    const found = await askStore(params.name, storeRequest(query, undefined), workers, peers)
    return { ...head(found), rows: found.rows.map(rowOf), ...tail(found) }
  })

  server.get<{ Params: Keyed; Querystring: Parameters }>('/stores/:name/:key', async ({ params, query }) => {
    const request = storeRequest(query, params.key)
    const found = await askStore(params.name, request, workers, peers)
    if (isTimed(await kindOf(params.name, request.topology, workers))) {
      const rows = found.rows.map(rowOf).map(({ key, ...row }) => row)
      return { ...head(found), key: found.rows[0]?.key ?? params.key, windows: rows, ...tail(found) }
    }
    const row = onlyRow(found)
    return { ...head(found), ...rowOf(row), served: servedOf(row.answer) }
  })

  server.get<{ Params: Named; Querystring: Parameters }>('/internal/stores/:name', async (request) => {
    const { application, ...query } = peerRequest(request.query)
    let restoring = false
    for (const view of workers.of(application)) {
      const answer = await view.query({ store: request.params.name, ...query })
      if (answer.outcome === 'answered' || answer.outcome === 'refused') return answer
      restoring ||= answer.outcome === 'restoring'
    }
    return { outcome: restoring ? 'restoring' : 'elsewhere' }
  })
}

async function storeList(workers: Workers) {
  const seen = new Set<string>()
  const statuses = await workers.statuses()
  return statuses
    .filter(({ application }) => !seen.has(application) && seen.add(application))
    .flatMap(({ topology, stores }) => stores.map((store) => ({ topology, ...store })))
}

async function kindOf(store: string, topology: string | undefined, workers: Workers) {
  const stores = await storeList(workers)
  return stores.find((one) => one.name === store && (topology ?? one.topology) === one.topology)?.kind
}

function isTimed(kind: string | undefined): boolean {
  if (kind === undefined) throw new AdminError(503, 'STARTING', 'the store is gone', 'ask again in a moment')
  return kind === 'window' || kind === 'session'
}

function head({ topology, store }: StoreRows) {
  return { topology, store }
}

function tail({ more, answers }: StoreRows) {
  return { more, served: answers.map(servedOf) }
}

function rowOf({ key, window, value, timestamp }: AnsweredRow) {
  return {
    key,
    ...(window && { window: { start: timeText(window.start), end: timeText(window.end) } }),
    value,
    ...(timestamp !== undefined && { timestamp: timeText(timestamp) }),
  }
}

/** ISO 8601, as far as there are such dates. */
function timeText(time: number): string | number {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? time : date.toISOString()
}
