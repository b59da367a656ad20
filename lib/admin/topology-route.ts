import type { FastifyInstance } from 'fastify'
import type { WorkerStatus } from '../runtime/view/worker-view.ts'
import type { Workers } from './workers.ts'

/** What runs, and where: each topology as `describe --json` has it, and its tasks. */
export function topologyRoute(
  server: FastifyInstance,
  workers: Workers,
  endpoint: () => string | undefined,
): void {
  server.get('/topology', async () => {
    const statuses = await workers.statuses()
    const byApplication = Map.groupBy(statuses, ({ application }) => application)
    return { endpoint: endpoint(), topologies: [...byApplication.values()].map(described) }
  })
}

/** The statuses are those of the threads of one application. */
function described(statuses: readonly WorkerStatus[]) {
  const newest = statuses.toSorted((a, b) => b.generation - a.generation)[0]!
  const { topology, application, guarantee, generation, description, owners, allTasks, stores } = newest
  const here = statuses.flatMap(({ tasks }) => tasks)
  return {
    ...{ topology, application, guarantee, generation },
    states: statuses.map(({ state }) => state),
    paused: newest.paused,
    description,
    stores,
    tasks: allTasks.map((task) => ({
      task,
      here: here.find((one) => one.task === task)?.role,
      active: owners.find(({ active }) => active.includes(task))?.endpoint,
      standbys: owners.filter(({ standbys }) => standbys.includes(task)).flatMap((one) => one.endpoint ?? []),
    })),
  }
}
