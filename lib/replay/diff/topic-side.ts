import type { Broker } from '../../broker/broker.ts'
import { MillraceError } from '../../errors.ts'
import type { TopicSerdes } from '../../operators/sink.ts'
import { headerOf, type RawRecord } from '../../record.ts'
import { GENERATION } from '../../runtime/generation-header.ts'
import { rangesOf } from '../../verify/topic-tables.ts'
import type { DiffRow, DiffSide } from './diff-row.ts'
import { keyOfContent, keyOfRecord } from './key-text.ts'
import type { StoredEntry } from './stored-entry.ts'

/** What a value is called that its contract can't read. */
const UNREADABLE = '(unreadable)'

/** Bytes are latin1. */
type Rest = [partition: number, offset: number, key: string | null, headers: (readonly [string, string])[]]

/** More than any timestamp: the newest record is of the largest generation. */
const A_GENERATION = 2 ** 42

/** A topic as a table: of each key the newest record counts, by generation and then by its timestamp. */
export class TopicSide implements DiffSide {
  readonly #broker: Broker
  readonly #topic: string
  readonly #serdes: TopicSerdes
  #unreadable = 0

  constructor(broker: Broker, topic: string, serdes: TopicSerdes) {
    this.#broker = broker
    this.#topic = topic
    this.#serdes = serdes
  }

  get unreadable(): number {
    return this.#unreadable
  }

  async *entries(): AsyncGenerator<StoredEntry> {
    const { key } = this.#serdes
    const ranges = await rangesOf(this.#broker, this.#topic)
    for await (const { records } of this.#broker.read(ranges)) {
      await key.ready?.(records.map((record) => record.key))
      for (const record of records) {
        const name = this.#keyOf(record)
        if (name === undefined) continue
        const generation = Number(headerOf(record.headers, GENERATION) ?? 0)
        const clock = generation * A_GENERATION + record.timestamp
        yield { key: name, clock, value: record.value, rest: restOf(record) }
      }
    }
  }

  ready(entries: readonly StoredEntry[]): Promise<void> | undefined {
    return this.#serdes.value.ready?.(entries.map(({ value }) => value))
  }

  rowOf({ clock: order, value, rest }: StoredEntry): DiffRow {
    const clock = order! % A_GENERATION
    const [partition, offset, key, headers] = JSON.parse(String(rest)) as Rest
    const record = {
      ...{ topic: this.#topic, partition, offset, value, timestamp: clock },
      key: key === null ? null : Buffer.from(key, 'latin1'),
      headers: headers.map(([name, header]) => [name, Buffer.from(header, 'latin1')] as const),
    }
    return { value: this.#fieldsOf(value!), clock, record }
  }

  #keyOf({ key, value }: RawRecord): string | undefined {
    if (key === null) return keyOfContent(value)
    try {
      return keyOfRecord(this.#serdes.key.decode(key))
    } catch (error) {
      requirePoison(error)
      this.#unreadable++
      return undefined
    }
  }

  #fieldsOf(bytes: Buffer): DiffRow['value'] {
    try {
      const value: unknown = this.#serdes.value.decode(bytes)
      return isRecord(value) ? value : { value }
    } catch (error) {
      requirePoison(error)
      return { [UNREADABLE]: bytes }
    }
  }
}

function restOf({ partition, offset, key, headers }: RawRecord): Buffer {
  const rest: Rest = [
    ...([partition, offset, key?.toString('latin1') ?? null] as const),
    headers.map(([name, header]) => [name, header.toString('latin1')]),
  ]
  return Buffer.from(JSON.stringify(rest))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

function requirePoison(error: unknown): void {
  if (!(error instanceof MillraceError && error.code === 'POISON')) throw error
}
