/** An entry of a disk store whose value is in memory. Of one that is not there is its seal alone, a number. */
export interface Slot {
  /** That of its key in its store, for as long as it is there. */
  readonly id: number
  readonly key: string
  readonly owner: SlotOwner
  /** Undefined: deleted, and not in its store any more; the deletion is still to be saved. */
  value: Buffer | undefined
  /** The seal of what is saved under this key; 0 if nothing is. */
  seal: number
  /** The number of the save that makes this value durable. */
  save: number
  /** Its neighbours among the clean ones, by last use; undefined while it is changed. */
  older: Slot | undefined
  newer: Slot | undefined
}

export interface SlotOwner {
  /** What goes before a key of this store on disk. */
  readonly prefix: string
  /** The value leaves memory; it is on disk. */
  evicted(slot: Slot): void
}
