import type { TransactionalProducer } from '../broker/broker.ts'
import type { Checkpoint } from '../runtime/checkpoint.ts'
import type { Outbox } from '../runtime/outbox.ts'
import type { Letter } from './letter.ts'

/** How letters of one topic come in again: by the steps of a topology, or as the rows of a captured table. */
export interface ReEntry {
  /** Why this letter can't; undefined where it can. */
  obstacle(letter: Letter): Promise<string | undefined>
  /** Where it goes, for people. */
  way(letter: Letter): string
  /** What comes of letters, in their order: nothing of it is written yet. */
  enter(letters: readonly Letter[], signal: AbortSignal): Promise<Outbox>
  /** Writes it: tables first, and the rest in one transaction. */
  checkpoint(transactions: TransactionalProducer): Checkpoint
  /** How many have been refused again since it was opened. */
  readonly refused: number
  close(): Promise<void>
}
