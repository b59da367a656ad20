import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { startKafkaTool } from '../../support/kafka-tool.ts'
import { numberIn, PARTITIONS } from './workload.ts'

/** A day: it is told when to end. Kafka's tool else ends by itself when nothing comes. */
const PATIENCE_MS = 86_400_000

/**
 * Reads the target with Kafka's own console consumer, read_committed, while it is written to: one for each partition,
 * in no group, so that nothing is shown to it again.
 */
export class ConsoleReader {
  readonly #shown: number[][]
  readonly #processes: ReturnType<typeof startKafkaTool>[]
  readonly #last: Promise<void>[]

  /** Ends each partition with the record of number `last`. */
  constructor(brokers: string, topic: string, last: number) {
    this.#shown = Array.from({ length: PARTITIONS }, () => [])
    this.#processes = this.#shown.map((_, partition) =>
      startKafkaTool('consumer.ConsoleConsumer', [
        ...['--bootstrap-server', brokers, '--topic', topic, '--partition', String(partition)],
        ...['--offset', 'earliest', '--isolation-level', 'read_committed', '--timeout-ms', `${PATIENCE_MS}`],
      ]),
    )
    this.#last = this.#processes.map((process, partition) => this.#read(process, partition, last))
  }

  /** Resolves with the numbers shown, by partition, once each has come to its last record. */
  async numbers(): Promise<readonly (readonly number[])[]> {
    await Promise.all(this.#last)
    return this.#shown
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#processes.map(async (process) => {
        if (process.exitCode !== null || process.signalCode !== null) return
        process.kill('SIGKILL')
        await once(process, 'exit')
      }),
    )
  }

  async #read(process: ReturnType<typeof startKafkaTool>, partition: number, last: number): Promise<void> {
    for await (const line of createInterface({ input: process.stdout })) {
      const number = numberIn({ value: Buffer.from(line) })
      this.#shown[partition]!.push(number)
      if (number === last) return
    }
    throw new Error(`Kafka's console consumer of partition ${partition} ended before its time`)
  }
}
