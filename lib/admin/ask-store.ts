import type { AnsweredRow } from '../runtime/view/worker-view.ts'
import { AdminError } from './admin-error.ts'
import { askTask, type NoAnswer, type TaskAnswer } from './ask-task.ts'
import type { Peers } from './peers.ts'
import type { StoreRequest } from './query-parameters.ts'
import type { Workers } from './workers.ts'

/** The answers of all tasks that were asked. */
export interface StoreRows {
  readonly topology: string
  readonly store: string
  readonly rows: readonly FoundRow[]
  readonly more: boolean
  readonly answers: readonly TaskAnswer[]
}

interface FoundRow extends AnsweredRow {
  readonly answer: TaskAnswer
}

/**
 * Asks every task that may have what is asked for, wherever it runs. All of them answer, or none: a part would look like
 * the whole.
 *
 * @throws AdminError
 */
export async function askStore(
  store: string,
  { topology, partition, stale, ask }: StoreRequest,
  workers: Workers,
  peers: Peers,
): Promise<StoreRows> {
  const place = await locate(store, ask.key, topology, workers)
  const tasks = place.tasks.filter((task) => partition === undefined || task.endsWith(`_${partition}`))
  if (tasks.length === 0) {
    throw new AdminError(
      404,
      'UNKNOWN_PARTITION',
      `store "${store}" has nothing of that key in partition ${partition}`,
      'leave the parameter "partition" out',
    )
  }
  const { application } = place
  const answers = await Promise.all(
    tasks.map((task) => askTask({ application, store, task, stale, ask }, workers, peers)),
  )
  const answered = answers.filter((answer) => answer.outcome === 'answered')
  for (const answer of answers) {
    if (answer.outcome === 'refused') throw refused(answer.message)
  }
  const missing = answers.filter((answer) => answer.outcome === 'none')
  if (missing.length > 0) throw unanswered(missing)
  const rows = answered.flatMap((answer) => answer.rows.map((row) => ({ ...row, answer })))
  rows.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
  return {
    topology: place.topology,
    store,
    rows: rows.slice(0, ask.limit),
    more: rows.length > ask.limit || answered.some(({ more }) => more),
    answers: answered,
  }
}

interface Place {
  readonly topology: string
  readonly application: string
  readonly tasks: readonly string[]
}

async function locate(
  store: string,
  key: string | undefined,
  topology: string | undefined,
  workers: Workers,
): Promise<Place> {
  const places = new Map<string, Place>()
  for (const { view, ...worker } of workers.all) {
    if (topology !== undefined && worker.topology !== topology) continue
    if (places.has(worker.application)) continue
    const located = await view.locate({ store, key })
    if (located.outcome === 'refused') throw refused(located.message)
    if (located.outcome === 'unknown') continue
    places.set(worker.application, { ...worker, tasks: located.tasks })
  }
  const [place, other] = places.values()
  if (place === undefined) throw await unknownStore(store, topology, workers)
  if (other === undefined) return place
  throw new AdminError(
    400,
    'AMBIGUOUS_STORE',
    `several topologies have a store "${store}"`,
    `say which with ?topology=, of ${[...places.values()].map((one) => one.topology).join(', ')}`,
  )
}

async function unknownStore(store: string, topology: string | undefined, workers: Workers) {
  if (workers.all.length < workers.topologies.length) {
    return new AdminError(
      503,
      'STARTING',
      'the workers of this instance are starting',
      'ask again in a moment',
    )
  }
  const where = topology === undefined ? 'here' : `in topology "${topology}"`
  return new AdminError(
    404,
    'UNKNOWN_STORE',
    `there is no store "${store}" ${where}`,
    'GET /stores lists them',
  )
}

function refused(message: string): AdminError {
  return new AdminError(400, 'WRONG_QUESTION', message, 'GET /stores says what each store is')
}

function unanswered(missing: readonly NoAnswer[]): AdminError {
  const tasks = missing.map(({ task }) => task)
  const details = { tasks, tried: missing.flatMap(({ tried }) => tried) }
  const which = tasks.length === 1 ? `task ${tasks[0]}` : `tasks ${tasks.join(', ')}`
  if (missing.some(({ why }) => why === 'restoring')) {
    return new AdminError(
      503,
      'RESTORING',
      `${which}: being taken over, or brought up to its changelogs`,
      'ask again in a moment; with standbys (--standbys) others answer meanwhile, unless ?stale=false',
      details,
    )
  }
  if (missing.some(({ why }) => why === 'unreachable')) {
    return new AdminError(
      503,
      'UNREACHABLE',
      `${which}: the instances that have it give no answer`,
      'ask again when the group has noticed that they are gone; "tried" says what each of them did',
      details,
    )
  }
  return new AdminError(
    421,
    'ELSEWHERE',
    `${which}: on another instance, which says no address`,
    'start every instance with --port and --advertise host:port, or ask that instance itself',
    details,
  )
}

/** The one row of a key; of processors' stores several partitions may have one. */
export function onlyRow({ rows, store, answers }: StoreRows): FoundRow {
  const [row, other] = rows
  if (row === undefined) {
    throw new AdminError(
      404,
      'UNKNOWN_KEY',
      `store "${store}" has nothing under this key`,
      'keys are written as GET /stores says; deleted and expired ones are not found',
      { served: answers.map(servedOf) },
    )
  }
  if (other === undefined) return row
  const partitions = rows.map(({ answer }) => Number(answer.served.task.split('_')[1]))
  throw new AdminError(
    409,
    'AMBIGUOUS_KEY',
    `store "${store}" has this key in several partitions`,
    `say which with ?partition=, of ${partitions.join(', ')}`,
  )
}

/** How old an answer may be, and who gave it. */
export function servedOf({ served, endpoint }: TaskAnswer): object {
  const { task, role, lag, position, committed } = served
  return {
    by: role,
    ...{ task, endpoint, committed },
    lag: { records: lag.records ?? null, ms: lag.ms ?? null },
    position,
  }
}
