import { decodeChunk } from '../../../../connectors/embedded/log/decode-chunk.ts'
import { encodeChunk } from '../../../../connectors/embedded/log/encode-chunk.ts'
import { Log } from '../../../../connectors/embedded/log/log.ts'
import { NO_HEADERS, type RawRecord } from '../../../../lib/record.ts'

export interface Written {
  readonly key?: string
  readonly value?: string | null
  readonly timestamp?: number
}

/** A log with one topic of one partition, and shorthands to write and read it. */
export class LogHarness {
  readonly log: Log
  readonly topic = 'topic'

  private constructor(log: Log) {
    this.log = log
  }

  static async open(dir: string, config: Readonly<Record<string, string>> = {}): Promise<LogHarness> {
    const harness = new LogHarness((await Log.open(dir))!)
    await harness.log.createTopic({ topic: harness.topic, partitions: 1, config })
    return harness
  }

  get partition() {
    return this.log.partition(this.topic, 0)
  }

  get settings() {
    return this.log.topic(this.topic)!.settings
  }

  /** One chunk for each list. */
  async write(...chunks: readonly Written[][]): Promise<void> {
    for (const written of chunks) {
      const records = written.map(({ key, value = 'v', timestamp = 1000 }) => ({
        key: key === undefined ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        timestamp,
        headers: NO_HEADERS,
      }))
      await this.log.append([{ topic: this.topic, partition: 0, chunk: encodeChunk(records) }])
    }
  }

  async records(): Promise<RawRecord[]> {
    const { earliest, end } = this.partition.state
    const records: RawRecord[] = []
    for await (const chunk of this.partition.chunks(earliest, end)) {
      records.push(...decodeChunk(chunk, this.partition))
    }
    return records
  }

  /** `offset:key=value` of all that is held. */
  async contents(): Promise<string[]> {
    const records = await this.records()
    return records.map(({ offset, key, value }) => `${offset}:${key}=${value}`)
  }
}
