import type { Broker } from '../broker/broker.ts'
import type { ReEntry } from './re-entry.ts'
import type { Selection } from './sift.ts'

export interface RedriveOptions {
  readonly broker: Broker
  /** Of dead letters. */
  readonly topic: string
  readonly reEntry: ReEntry
  readonly selection: Selection
  /** How often a record may be redriven. */
  readonly limit: number
  readonly again: boolean
  /** Most letters a second. */
  readonly rate?: number | undefined
  readonly signal: AbortSignal
  readonly onProgress?: ((done: number) => void) | undefined
}
