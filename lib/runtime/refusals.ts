import { MillraceError, messageOf, place } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { OutRecord } from '../record.ts'
import type { Topology } from '../topology/nodes.ts'
import type { Counters } from './counters.ts'
import { deadLetter } from './dead-letters.ts'
import type { Origin } from './outbox.ts'

/** Applies a step's error policy: every refused record is counted, and none vanishes. */
export class Refusals {
  readonly #topology: Topology
  readonly #counters: Counters
  readonly #log: Logger

  constructor(topology: Topology, counters: Counters, log: Logger) {
    this.#topology = topology
    this.#counters = counters
    this.#log = log
  }

  /** The dead letter to write, or undefined when the step's policy is `skip`. Throws when it is `fail`. */
  handle(error: unknown, { node, raw }: Origin): OutRecord | undefined {
    const policy = node.kind === 'source' ? 'dead-letter' : node.onError
    if (policy === 'fail') {
      const at = { step: node.name, topic: raw.topic, partition: raw.partition, offset: raw.offset }
      throw new MillraceError('STEP', `step "${node.name}" failed at ${place(raw)}: ${messageOf(error)}`, {
        ...at,
        cause: error,
      })
    }
    this.#counters.add(node.name, policy === 'skip' ? 'skipped' : 'refused')
    const code = error instanceof MillraceError ? error.code : 'STEP'
    this.#log.debug(
      { step: node.name, at: place(raw), code },
      `record ${policy === 'skip' ? 'skipped' : 'refused'}`,
    )
    if (policy === 'skip') return undefined
    return deadLetter(this.#topology.deadLetters.topic, this.#topology.name, node.name, error, raw)
  }
}
