import type { TopicSerdes } from '../operators/sink.ts'
import { headerOf, type RawRecord } from '../record.ts'
import { DEAD_LETTER } from '../runtime/dead-letters.ts'
import type { Outbox } from '../runtime/outbox.ts'
import type { TestRecord } from './test-driver-options.ts'

/** A record that the topology has written. */
export interface OutputRecord extends Required<TestRecord> {
  readonly topic: string
}

/** A record that a step has refused. */
export interface Refused {
  readonly step: string
  readonly reason: string
  readonly record: RawRecord
}

/** What a tested topology has written: records, rows and dead letters. */
export class Written {
  readonly refused: Refused[] = []
  readonly #records: OutputRecord[] = []
  readonly #rows = new Map<string, unknown[]>()

  addRecord(record: RawRecord, serdes: TopicSerdes): void {
    this.#records.push(decoded(record, serdes))
  }

  addRows(rows: Outbox['rows']): void {
    for (const [{ name }, outgoing] of rows) {
      const known = this.#rows.get(name) ?? []
      known.push(...outgoing.map(({ row }) => row.value))
      this.#rows.set(name, known)
    }
  }

  addLetter(letter: RawRecord): void {
    this.refused.push(refusedOf(letter))
  }

  /** What has come since the last call; of one topic, or of all. */
  read(topic?: string): OutputRecord[] {
    const read = this.#records.filter((record) => topic === undefined || record.topic === topic)
    const left = this.#records.filter((record) => topic !== undefined && record.topic !== topic)
    this.#records.splice(0, this.#records.length, ...left)
    return read
  }

  rows(step: string): readonly unknown[] {
    return this.#rows.get(step) ?? []
  }
}

function decoded(
  { topic, partition, key, value, timestamp, headers }: RawRecord,
  serdes: TopicSerdes,
): OutputRecord {
  return {
    topic,
    partition,
    key: key === null ? null : serdes.key.decode(key),
    value: value === null ? null : serdes.value.decode(value),
    timestamp,
    headers,
  }
}

function refusedOf(record: RawRecord): Refused {
  const { step, reason } = DEAD_LETTER
  return {
    step: String(headerOf(record.headers, step)),
    reason: String(headerOf(record.headers, reason)),
    record,
  }
}
