import { Worker as Thread } from 'node:worker_threads'
import { MillraceError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { CountsByStep } from '../../runtime/counters.ts'
import type { WorkerView } from '../../runtime/view/worker-view.ts'
import type { Crew, CrewEvents, RunSettings } from './crew.ts'
import { Silence } from './silence.ts'
import { type Asked, type FromThread, received, type ToThread } from './thread-messages.ts'

/** The same name with the ending that this file has: .ts in the repository, .js where it is built. */
const ENTRY = new URL(import.meta.url.replace(/thread-crew(\.\w+)$/, 'thread$1'))

/** Works in a thread of its own, where the topology files are loaded once more: functions can't be sent. */
export class ThreadCrew implements Crew {
  readonly done: Promise<void>
  readonly #thread: Thread
  readonly #number: number
  readonly #topologies: readonly string[]
  readonly #applicationId: string | undefined
  readonly #log: Logger
  readonly #events: CrewEvents
  readonly #running = Promise.withResolvers<void>()
  readonly #asking = new Map<number, PromiseWithResolvers<unknown>>()
  #asked = 0
  #silence: Silence | undefined
  #gone = false
  #counts: readonly CountsByStep[] = []

  /** `number`: which thread it is, from 1, as the log calls it; `topologies`: their names. */
  constructor(
    number: number,
    topologies: readonly string[],
    settings: RunSettings,
    log: Logger,
    events: CrewEvents,
  ) {
    this.#number = number
    this.#topologies = topologies
    this.#applicationId = settings.applicationId
    this.#log = log
    this.#events = events
    this.#thread = new Thread(ENTRY, { workerData: settings, name: `millrace ${number}` })
    this.#thread.on('message', (message: FromThread) => this.#told(message))
    this.#thread.on('error', (error) => this.#broken(error))
    this.#running.promise.catch(() => {})
    this.done = new Promise((resolve) => {
      this.#thread.on('exit', (code) => {
        if (code !== 0) this.#broken(ended(number, code))
        this.#running.reject(ended(number, code))
        this.#gone = true
        this.#silence?.over()
        for (const { reject } of this.#asking.values()) reject(gone(number))
        resolve()
      })
    })
  }

  start(): Promise<void> {
    return this.#running.promise
  }

  stop(topology?: number): void {
    this.#thread.postMessage({ kind: 'stop', topology } satisfies ToThread)
  }

  counts(): readonly CountsByStep[] {
    return this.#counts
  }

  views(): readonly WorkerView[] {
    return this.#topologies.map((topology, index) => {
      const ask = (asked: Asked) => this.#ask(index, asked) as Promise<never>
      const view = {
        topology,
        application: this.#applicationId ?? topology,
        status: () => ask({ call: 'status' }),
        metrics: () => ask({ call: 'metrics' }),
        locate: (said: unknown) => ask({ call: 'locate', said }),
        query: (said: unknown) => ask({ call: 'query', said }),
        pause: (said: unknown) => ask({ call: 'pause', said }),
        resume: (said: unknown) => ask({ call: 'resume', said }),
      }
      return view
    })
  }

  #ask(topology: number, asked: Asked): Promise<unknown> {
    if (this.#gone) return Promise.reject(gone(this.#number))
    const id = ++this.#asked
    const answer = Promise.withResolvers<unknown>()
    this.#asking.set(id, answer)
    this.#thread.postMessage({ kind: 'ask', id, topology, ...asked } satisfies ToThread)
    return answer.promise
  }

  #answered({ id, answer, error }: Extract<FromThread, { kind: 'answer' }>): void {
    const asking = this.#asking.get(id)
    this.#asking.delete(id)
    if (error === undefined) asking?.resolve(answer)
    else asking?.reject(received(error))
  }

  #told(message: FromThread): void {
    // From its first word on: to load what it runs takes a thread some time.
    this.#silence ??= new Silence({ log: this.#log, thread: this.#number })
    this.#silence.heard()
    switch (message.kind) {
      case 'running':
        this.#running.resolve()
        break
      case 'refused':
        this.#running.reject(received(message.error))
        break
      case 'failed':
        this.#events.failed(message.topology, received(message.error))
        break
      case 'answer':
        this.#answered(message)
        break
      case 'counts':
        this.#counts = message.counts
        break
      case 'log':
        this.#log[message.level]({ thread: this.#number, ...message.fields }, message.message)
        break
    }
  }

  /** Nothing in it goes on: every topology has lost it. */
  #broken(error: unknown): void {
    this.#running.reject(error)
    for (const index of this.#topologies.keys()) this.#events.failed(index, error)
  }
}

function gone(number: number): MillraceError {
  return new MillraceError('UNREACHABLE', `thread ${number} has ended`)
}

function ended(number: number, code: number): MillraceError {
  return new MillraceError('INTERNAL', `thread ${number} has ended unasked, with code ${code}`)
}
