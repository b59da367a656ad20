import type { Broker } from '../broker/broker.ts'
import type { Logger } from '../log.ts'
import type { Topology } from '../topology/nodes.ts'
import { inputTopics } from './input-topics.ts'
import { nowAndThen } from './now-and-then.ts'
import type { Ownership } from './ownership.ts'
import { purge } from './purge.ts'
import type { TaskFolders } from './task-folders.ts'
import { namesOfTasks } from './task-plan.ts'

export interface KeepUpOptions {
  readonly topology: Topology
  readonly application: string
  readonly broker: Broker
  readonly folders: TaskFolders
  readonly ownership: Ownership
  /** Milliseconds; default 30 s. */
  readonly purgeInterval: number | undefined
  /** Milliseconds; default 10 min. */
  readonly cleanupDelay: number | undefined
  readonly log: Logger
  readonly signal: AbortSignal
}

const PURGE_INTERVAL = 30_000
const CLEANUP_DELAY = 600_000

/** What can wait: repartition topics are purged, and the state of tasks that are elsewhere is removed. Until the signal aborts. */
export function keepUp(options: KeepUpOptions): void {
  const { topology, application, broker, folders, ownership, log, signal } = options
  const { purgeInterval = PURGE_INTERVAL, cleanupDelay = CLEANUP_DELAY } = options
  const own = new Set(inputTopics(topology, application).own)
  if (own.size > 0) {
    void nowAndThen({ doing: 'purging repartition topics', every: purgeInterval, log, signal }, () => {
      const owned = ownership.running === undefined ? [] : ownership.assignment.positions
      return purge(
        broker,
        application,
        owned.filter(({ topic }) => own.has(topic)),
      )
    })
  }
  void nowAndThen({ doing: 'removing state', every: cleanupDelay, log, signal }, async () => {
    if (ownership.running === undefined) return
    const { positions, standbys } = ownership.assignment
    const tasks = new Set([...namesOfTasks(topology, application, positions), ...standbys])
    const removed = await folders.removeAllBut(tasks, Date.now() - cleanupDelay)
    if (removed.length > 0) log.info({ tasks: removed }, 'removed the state of tasks that are elsewhere')
  })
}
