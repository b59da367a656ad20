import type { FastifyInstance, FastifyReply } from 'fastify'
import type { WorkerState } from '../runtime/view/worker-view.ts'
import type { Workers } from './workers.ts'

interface Health {
  readonly topology: string
  readonly state: WorkerState | 'stuck'
}

/** For supervisors: whether to start the process anew, and whether it is at work. */
export function healthRoutes(server: FastifyInstance, workers: Workers): void {
  server.get('/live', async (_, reply) => {
    const health = await healthOf(workers)
    return answer(
      reply,
      health.every(({ state }) => state !== 'stuck' && state !== 'failed') ? 'live' : 'dead',
      health,
    )
  })

  server.get('/ready', async (_, reply) => {
    const health = await healthOf(workers)
    return answer(reply, health.every(({ state }) => state === 'running') ? 'ready' : 'not ready', health)
  })
}

/** Of every topology; one whose worker has not been made yet is starting. */
async function healthOf(workers: Workers): Promise<Health[]> {
  const known = await Promise.all(
    workers.all.map(async ({ topology, view }): Promise<Health> => {
      return { topology, state: (await workers.inTime(view.status()))?.state ?? 'stuck' }
    }),
  )
  const waited = workers.topologies.filter((name) => !known.some(({ topology }) => topology === name))
  return [...known, ...waited.map((topology): Health => ({ topology, state: 'starting' }))]
}

function answer(
  reply: FastifyReply,
  status: 'live' | 'dead' | 'ready' | 'not ready',
  health: readonly Health[],
) {
  return reply.status(status === 'live' || status === 'ready' ? 200 : 503).send({ status, workers: health })
}
