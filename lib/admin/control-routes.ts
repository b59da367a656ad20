import type { FastifyInstance } from 'fastify'
import type { NamedInputs } from '../runtime/view/worker-view.ts'
import { AdminError } from './admin-error.ts'
import { controlRequest } from './query-parameters.ts'
import type { LocalWorker, Workers } from './workers.ts'

type Parameters = Readonly<Record<string, unknown>>

/** What changes how this instance works; other instances of the application are not told. */
export function controlRoutes(server: FastifyInstance, workers: Workers): void {
  for (const call of ['pause', 'resume'] as const) {
    server.post<{ Querystring: Parameters }>(`/${call}`, async ({ query }) => {
      const { topology, ...inputs } = controlRequest(query)
      const meant = workers.all.filter((one) => topology === undefined || one.topology === topology)
      if (meant.length === 0) {
        throw new AdminError(
          404,
          'UNKNOWN_TOPOLOGY',
          'no such topology runs here',
          'GET /topology lists them',
        )
      }
      return { workers: await Promise.all(meant.map((worker) => told(worker, call, inputs))) }
    })
  }
}

async function told({ topology, view }: LocalWorker, call: 'pause' | 'resume', inputs: NamedInputs) {
  const answer = await view[call](inputs)
  if (answer.outcome === 'done') return { topology, paused: answer.paused }
  throw new AdminError(400, 'WRONG_PARAMETER', answer.message, 'GET /topology says what it reads')
}
