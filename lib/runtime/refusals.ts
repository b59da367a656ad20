import { type ErrorCode, MillraceError, messageOf, place } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { OutRecord } from '../record.ts'
import { lastResort } from '../topology/error-policy.ts'
import type { Topology } from '../topology/nodes.ts'
import type { Counters } from './counters.ts'
import { deadLetter } from './dead-letters.ts'
import type { Events } from './events.ts'
import { withGeneration } from './generation-header.ts'
import type { Origin } from './outbox.ts'

/** Faults of one record. Any other means that the worker can't go on, and a dead letter would only hide it. */
const OF_THE_RECORD: ReadonlySet<ErrorCode> = new Set(['POISON', 'REJECTED', 'WRITE', 'STEP'])

/** Applies a step's error policy: every refused record is counted, and none vanishes. */
export class Refusals {
  readonly #topology: Topology
  readonly #counters: Counters
  readonly #log: Logger
  readonly #events: Events | undefined
  readonly #generation: number | undefined

  /** `generation`: what dead letters are marked with. */
  constructor(topology: Topology, counters: Counters, log: Logger, events?: Events, generation?: number) {
    this.#topology = topology
    this.#counters = counters
    this.#log = log
    this.#events = events
    this.#generation = generation
  }

  /**
   * The dead letter to write, or undefined when the step's policy is `skip`.
   *
   * @throws MillraceError when the policy is `fail`, or the error is none of this record's (e.g. `CONTRACT`).
   */
  handle(error: unknown, { node, raw }: Origin): OutRecord | undefined {
    const code = error instanceof MillraceError ? error.code : 'STEP'
    const policy = 'onError' in node && node.onError !== undefined ? lastResort(node.onError) : 'dead-letter'
    if (!OF_THE_RECORD.has(code)) throw stopping(code, error, { node, raw })
    if (policy === 'fail') throw stopping('STEP', error, { node, raw })
    this.#counters.add(node.name, policy === 'skip' ? 'skipped' : 'refused')
    this.#log.debug(
      { step: node.name, at: place(raw), code },
      `record ${policy === 'skip' ? 'skipped' : 'refused'}`,
    )
    this.#events?.failed(error, policy === 'skip' ? 'skipped' : 'dead-letter', node.name, raw)
    if (policy === 'skip') return undefined
    const letter = deadLetter(this.#topology.deadLetters.topic, this.#topology.name, node.name, error, raw)
    if (this.#generation === undefined) return letter
    return { ...letter, headers: withGeneration(letter.headers, this.#generation) }
  }
}

function stopping(code: ErrorCode, cause: unknown, { node, raw }: Origin): MillraceError {
  const { topic, partition, offset } = raw
  const message = `step "${node.name}" can't go on at ${place(raw)}: ${messageOf(cause)}`
  return new MillraceError(code, message, {
    step: node.name,
    topic,
    partition,
    offset,
    cause,
    retriable: false,
  })
}
