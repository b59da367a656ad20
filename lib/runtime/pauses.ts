import type { TopicPartition } from '../record.ts'

/** What a user has paused: a topology, partitions of its inputs, or both. It outlives assignments. (KIP-834) */
export class Pauses {
  readonly #partitions = new Map<string, TopicPartition>()
  #all = false

  /** Without partitions: all that the topology reads, whichever they are. */
  pause(partitions?: readonly TopicPartition[]): void {
    if (partitions === undefined) this.#all = true
    for (const one of partitions ?? []) this.#partitions.set(nameOf(one), one)
  }

  /** Without partitions: all, those paused by name too. */
  resume(partitions?: readonly TopicPartition[]): void {
    if (partitions === undefined) {
      this.#all = false
      this.#partitions.clear()
    }
    for (const one of partitions ?? []) this.#partitions.delete(nameOf(one))
  }

  has(input: TopicPartition): boolean {
    return this.#all || this.#partitions.has(nameOf(input))
  }

  /** As they were named. */
  get now(): 'all' | readonly TopicPartition[] {
    return this.#all ? 'all' : [...this.#partitions.values()]
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
