import { retrying } from '../backoff.ts'
import type { Broker, TransactionalProducer } from '../broker/broker.ts'
import { isRetriable, messageOf } from '../errors.ts'
import { atMostEvery, type Logger } from '../log.ts'

export interface TaskProducersOptions {
  readonly broker: Broker
  readonly application: string
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * The transactional producers of the tasks of one assignment: `<application>-<task>`, the same id in every life of a
 * task. Opening one fences whoever had the task before, and settles what that had begun.
 */
export class TaskProducers {
  readonly #options: TaskProducersOptions
  readonly #producers = new Map<string, TransactionalProducer>()
  #closed: Promise<unknown> | undefined

  constructor(options: TaskProducersOptions) {
    this.#options = options
  }

  /** Waits for the broker as long as it takes. */
  async open(tasks: readonly string[]): Promise<void> {
    const { broker, application, log, signal } = this.#options
    const rarely = atMostEvery(5000)
    const opening = tasks.map(async (task) => {
      const id = `${application}-${task}`
      const producer = await retrying(() => broker.transactions({ id, group: application }), {
        when: isRetriable,
        cap: 2000,
        onRetry: (error) =>
          rarely(() => log.warn({ task }, `waiting for the broker's transactions: ${messageOf(error)}`)),
        signal,
      })
      // Those that asked for it have gone meanwhile.
      if (this.#closed !== undefined) await producer.close()
      this.#producers.set(task, producer)
    })
    const opened = await Promise.allSettled(opening)
    const failed = opened.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  of(task: string): TransactionalProducer {
    return this.#producers.get(task)!
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled([...this.#producers.values()].map((producer) => producer.close()))
    return this.#closed.then(() => {})
  }
}
