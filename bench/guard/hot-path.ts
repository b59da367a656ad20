import { fetchedBatch } from '../../connectors/kafka/fetched.ts'
import { chosenPartition, topicMessages } from '../../connectors/kafka/messages.ts'
import { Batch } from '../../connectors/kafka/repairs/batch.ts'
import { messagesDecoder } from '../../connectors/kafka/repairs/decode-messages.ts'
import { groupMessagesPerPartition } from '../../connectors/kafka/repairs/group-messages.ts'
import { type Message, produceRequestOf } from '../../connectors/kafka/repairs/produce-request.ts'
import { requestsOf } from '../../connectors/kafka/requests.ts'
import { PartitionChoice } from '../../lib/broker/partition-choice.ts'
import { partitionFor } from '../../lib/broker/partitioner.ts'
import { bytesKey, filter, map, sink, topic, topology } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { Counters } from '../../lib/runtime/counters.ts'
import { deliver } from '../../lib/runtime/deliver.ts'
import { MicroBatchQueue } from '../../lib/runtime/micro-batch.ts'
import { Processor } from '../../lib/runtime/processor.ts'
import { Refusals } from '../../lib/runtime/refusals.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import { TaskState } from '../../lib/state/task-state.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'

const INPUT = { topic: 'in', partition: 0 }
const PARTITIONS = 4
const VALUE_BYTES = 100
const MOST_BYTES = 1 << 30
const NEVER = new AbortController().signal
/** Of a produce request without a transaction: acks, timeout, number of topics, length of the name, partitions, partition. */
const BEFORE_BATCH = 2 + 2 + 4 + 4 + 2 + 4 + 4
const GROUPING = { partitionMetadata: [INPUT], partitioner: chosenPartition as never }

const choice = new PartitionChoice({ of: async () => PARTITIONS })
const produceRequest = produceRequestOf(0, () => {
  throw new Error('nothing is compressed here')
})
const decode = messagesDecoder(
  () => null,
  () => {
    throw new Error('there is no old format here')
  },
)

const said = topology('guard', ({ source }) => {
  source('in', topic('in', { key: bytesKey, value: bytesKey })).pipe(
    filter('all', () => true),
    map('same', (value) => value),
    sink('out', topic('out', { key: bytesKey, value: bytesKey })),
  )
})

/** All that the framework does with a record, from the bytes of a fetch to those of a produce request, and no more. */
export class HotPath {
  readonly #records: number
  readonly #fetch: Buffer
  readonly #processor: Processor
  readonly #counters = new Counters()
  readonly #refusals = new Refusals(said, this.#counters, SILENT)
  #written = 0

  private constructor(records: number, fetch: Buffer) {
    this.#records = records
    this.#fetch = fetch
    const serdes = new Map(said.nodes.map((node) => [node, { key: bytesKey, value: bytesKey }]))
    this.#processor = new Processor({
      ...{ topology: said, application: said.name, sub: subTopologiesOf(said)[0]!, partition: 0 },
      ...{ counters: this.#counters, refusals: this.#refusals, log: SILENT, now: Date.now },
      state: new TaskState(memoryState()),
      bindings: { serdes: serdes as never, lookups: new Map() },
    })
  }

  /** @param records of one fetch, and of one micro-batch. */
  static async of(records: number): Promise<HotPath> {
    const messages = Array.from({ length: records }, (_, n): Message => {
      const value = Buffer.alloc(VALUE_BYTES, n)
      return { key: Buffer.from(`key-${n}`), value, timestamp: 1_700_000_000_000 + n, headers: NO_HEADERS }
    })
    const request = await encoded(INPUT.topic, INPUT.partition, messages)
    return new HotPath(records, request.subarray(BEFORE_BATCH + INPUT.topic.length))
  }

  /** One fetch through all of it. */
  async run(): Promise<void> {
    const messages = await decode(wire(this.#fetch))
    const fetched = fetchedBatch(new Batch(INPUT.topic, 0, { partition: 0, highWatermark: '0', messages }), 1)
    const limits = { records: this.#records, bytes: MOST_BYTES, wait: 0 }
    const queue = new MicroBatchQueue([INPUT], limits, MOST_BYTES, () => {})
    queue.offer(fetched)
    const { records, positions } = (await queue.take())!
    const outbox = await this.#processor.process(records, NEVER)
    const producer = { send: (some: readonly OutRecord[]) => this.#send(some), close: async () => {} }
    const outputs = { producer, refusals: this.#refusals, counters: this.#counters, log: SILENT }
    await deliver(outbox, outputs, new Map(), positions, NEVER)
    if (this.#written !== this.#records) throw new Error(`wrote ${this.#written} of ${this.#records}`)
    this.#written = 0
  }

  /** The same bytes in and out, without the framework between: what it costs is told beside this. */
  async runBare(): Promise<void> {
    const partitions: Message[][] = Array.from({ length: PARTITIONS }, () => [])
    for (const message of await decode(wire(this.#fetch))) {
      partitions[partitionFor(message.key!, PARTITIONS)]!.push(message)
    }
    for (const messages of partitions) await encoded('out', 0, messages)
  }

  async #send(records: readonly OutRecord[]): Promise<void> {
    for (const request of requestsOf(await choice.place(records))) {
      for (const { topic, messages } of topicMessages(request)) {
        const groups = groupMessagesPerPartition({ ...GROUPING, topic, messages })
        for (const some of Object.values(groups)) await encoded(topic, 0, some as unknown as Message[])
        this.#written += messages.length
      }
    }
  }
}

async function encoded(topic: string, partition: number, messages: readonly Message[]): Promise<Buffer> {
  const topicData = [{ topic, partitions: [{ partition, messages }] }]
  return (await produceRequest({ acks: -1, timeout: 0, topicData }).encode()).buffer
}

/** As kafkajs' decoder gives it. @param bytes a length, and so many bytes. */
function wire(bytes: Buffer) {
  return {
    readInt32: () => bytes.readInt32BE(),
    canReadBytes: (length: number) => bytes.length >= 4 + length,
    readBytes: (length: number) => bytes.subarray(4, 4 + length),
  }
}
