import type { CommittedPosition, TransactionalProducer, TransactionOptions } from '../../lib/broker/broker.ts'
import { CallsInTurn } from '../../lib/broker/calls-in-turn.ts'
import type { PlacedRecord } from '../../lib/broker/partition-choice.ts'
import { recordSize } from '../../lib/broker/record-size.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { OutRecord } from '../../lib/record.ts'
import { requestsOf } from './append-requests.ts'
import type { Link } from './door/link.ts'
import { Placement } from './placement.ts'

/** A transaction is held in memory, and written at once. */
const MAX_BYTES = 256 * 1024 * 1024

/** Fences the earlier producers of this id, in whatever process they are. */
export async function openTransactions(
  link: Link,
  options: TransactionOptions,
): Promise<TransactionalProducer> {
  const epoch = await link.ask((connection) => connection.openWriter(options.id))
  return new EmbeddedTransactions(link, options, epoch)
}

/**
 * Holds a transaction until it is committed, and then writes records, positions and the writer's count in one atomic
 * batch. So the log never has an open or an aborted record, no one waits behind an open transaction, and nothing is
 * to be settled or to time out when a client dies; a commit whose answer was lost with the log's owner is asked for
 * again, and done once.
 */
class EmbeddedTransactions implements TransactionalProducer {
  readonly #link: Link
  readonly #options: TransactionOptions
  readonly #epoch: number
  readonly #placement: Placement
  readonly #turns = new CallsInTurn()
  #records: PlacedRecord[] = []
  #bytes = 0
  #sequence = 0

  constructor(link: Link, options: TransactionOptions, epoch: number) {
    this.#link = link
    this.#options = options
    this.#epoch = epoch
    this.#placement = new Placement(link)
  }

  send(records: readonly OutRecord[]): Promise<void> {
    return this.#turns.run(async () => {
      for (const record of await this.#placement.place(records)) {
        this.#bytes += recordSize(record)
        this.#records.push(record)
      }
      if (this.#bytes > MAX_BYTES) throw tooLarge(this.#options.id)
    })
  }

  commit(positions: readonly CommittedPosition[]): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#records.length === 0 && positions.length === 0) return
      const { id, group } = this.#options
      const sequence = ++this.#sequence
      const chunks = [...requestsOf(this.#records)].flat()
      this.#forget()
      const transaction = { id, epoch: this.#epoch, sequence, group, positions, chunks }
      await this.#link.ask((connection) => connection.commitTransaction(transaction))
    })
  }

  abort(): Promise<void> {
    return this.#turns.run(async () => this.#forget())
  }

  close(): Promise<void> {
    const closed = new MillraceError('INTERNAL', 'a call to a closed transactional producer')
    return this.#turns.end(closed)
  }

  #forget(): void {
    this.#records = []
    this.#bytes = 0
  }
}

function tooLarge(id: string): MillraceError {
  return new MillraceError(
    'WRITE',
    `A transaction of ${id} has more than ${MAX_BYTES} bytes; the embedded log holds it in memory: commit more often`,
  )
}
