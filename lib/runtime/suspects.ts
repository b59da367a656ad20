import { type MillraceError, place } from '../errors.ts'
import type { OutRecord, RawRecord } from '../record.ts'
import { isTopic, type Node, type Topology } from '../topology/nodes.ts'
import type { MicroBatch } from './micro-batch.ts'
import type { Refusals } from './refusals.ts'

/** What is left of a micro-batch without the records that are refused. */
export interface Sifted {
  readonly records: readonly RawRecord[]
  readonly letters: readonly OutRecord[]
}

/** After a refusal of several tasks' results, so many transactions are of one task each. */
const APART = 100

/**
 * Exactly once, a broker refuses a whole transaction for one record that it will never take (one that is too large for
 * its topic), and does not say what led to it. The tasks go back to what is committed, and on one by one until one of
 * them is refused; then that one record by record until the culprit stands alone. The next time that is a dead letter.
 * (MESSAGE_TOO_LARGE)
 */
export class Suspects {
  readonly #topology: Topology
  readonly #refusals: Refusals
  /** By task, the positions up to which it goes on record by record. */
  readonly #careful = new Map<string, ReadonlyMap<string, number>>()
  /** How many transactions are still to be of one task. */
  #apart = 0
  /** By place. */
  readonly #culprits = new Map<string, MillraceError>()

  constructor(topology: Topology, refusals: Refusals) {
    this.#topology = topology
    this.#refusals = refusals
  }

  /** What several tasks wrote in one transaction. */
  refusedTogether(): void {
    this.#apart = APART
  }

  /**
   * What a task wrote in a transaction of its own. Returns whether it helps to go back: not if nothing was read that could
   * be left out.
   */
  refused(task: string, { records, positions }: MicroBatch, error: MillraceError): boolean {
    this.#apart = 0
    if (records.length === 0) return false
    if (records.length === 1) this.#culprits.set(place(records[0]!), error)
    else this.#careful.set(task, new Map(positions.map(({ topic, offset }) => [topic, offset])))
    return true
  }

  /** Whether the task has to go on record by record. */
  isCareful(task: string): boolean {
    return this.#careful.has(task)
  }

  /** Whether its transactions are to hold nothing of others. */
  isAlone(task: string): boolean {
    return this.#apart > 0 || this.isCareful(task)
  }

  /** The task has committed a micro-batch. */
  committed(task: string, { records, positions }: MicroBatch): void {
    if (this.#apart > 0) this.#apart--
    if (this.#culprits.size > 0) for (const record of records) this.#culprits.delete(place(record))
    const until = this.#careful.get(task)
    if (until === undefined) return
    const left = new Map(
      [...until].filter(
        ([topic, offset]) => !positions.some((at) => at.topic === topic && at.offset >= offset),
      ),
    )
    if (left.size > 0) this.#careful.set(task, left)
    else this.#careful.delete(task)
  }

  /** @throws MillraceError when the policy of the step is `fail`. */
  sift(records: readonly RawRecord[]): Sifted {
    if (this.#culprits.size === 0) return { records, letters: [] }
    const letters: OutRecord[] = []
    const kept = records.filter((raw) => {
      const error = this.#culprits.get(place(raw))
      if (error === undefined) return true
      const letter = this.#refusals.handle(error, { node: this.#writerOf(error, raw), raw })
      if (letter !== undefined) letters.push(letter)
      return false
    })
    return { records: kept, letters }
  }

  /** Who wanted it written: the sink of that topic or, for topics of the application's own, who read the record. */
  #writerOf({ at }: MillraceError, { topic }: RawRecord): Node {
    const { nodes } = this.#topology
    const writes = (node: Node) =>
      node.kind === 'sink' && isTopic(node.target) && node.target.name === at.topic
    const reads = (node: Node) => 'topic' in node && node.topic.name === topic
    return nodes.find(writes) ?? nodes.find(reads) ?? nodes[0]!
  }
}
