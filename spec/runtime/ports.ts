import type { BrokerAdmin, BrokerConsumer, BrokerProducer } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { Sink, SinkRow } from '../../lib/ports.ts'
import type { OutRecord, Position, RawRecord, TopicPartition } from '../../lib/record.ts'
import { NO_HEADERS } from '../../lib/record.ts'

/** Ports over arrays: for specs of what calls a port, never of what is behind one. */

export function rawRecord(offset: number, value = `v${offset}`): RawRecord {
  const key = Buffer.from(`k${offset}`)
  return {
    topic: 'in',
    partition: 0,
    offset,
    timestamp: offset,
    key,
    value: Buffer.from(value),
    headers: NO_HEADERS,
  }
}

/** Refuses a whole `send` for one record in it, as Kafka does, and keeps the others. */
export class ArrayProducer implements BrokerProducer {
  readonly sent: OutRecord[][] = []
  /** Fails as often as there are errors in here. */
  readonly failures: MillraceError[] = []
  readonly refuses: (record: OutRecord) => boolean

  constructor(refuses: (record: OutRecord) => boolean = () => false) {
    this.refuses = refuses
  }

  /** Values in the order in which they were acknowledged. */
  get values(): string[] {
    return this.sent.flat().map(({ value }) => String(value))
  }

  async send(records: readonly OutRecord[]): Promise<void> {
    const failure = this.failures.shift()
    if (failure !== undefined) throw failure
    if (records.some(this.refuses)) throw new MillraceError('WRITE', 'too large')
    this.sent.push([...records])
  }

  async close(): Promise<void> {}
}

/** Its writes last until the spec lets them end; an abort ends them too. */
export class GatedSink implements Sink {
  readonly begun: SinkRow[][] = []
  readonly #gates: PromiseWithResolvers<void>[] = []
  #running = 0
  /** Most writes at one time. */
  most = 0

  async prepare(): Promise<void> {}

  async write(rows: readonly SinkRow[], signal: AbortSignal): Promise<void> {
    const gate = Promise.withResolvers<void>()
    this.begun.push([...rows])
    this.#gates.push(gate)
    this.most = Math.max(this.most, ++this.#running)
    signal.addEventListener('abort', () => gate.reject(signal.reason))
    await gate.promise.finally(() => this.#running--)
  }

  /** Lets the n-th write, counted from 0, succeed. */
  end(write: number): void {
    this.#gates[write]!.resolve()
  }

  async close(): Promise<void> {}
}

/** A group member that is told nothing by a broker; remembers commits and whether partitions flow. */
export class ArrayConsumer implements BrokerConsumer {
  readonly commits: Position[][] = []
  readonly flows: string[] = []
  /** Called before each commit is taken. */
  before: (generation: number) => Promise<void> | void = () => {}

  async start(): Promise<void> {}

  flow(partitions: readonly TopicPartition[], state: 'paused' | 'flowing'): void {
    for (const { topic, partition } of partitions) this.flows.push(`${topic}/${partition} ${state}`)
  }

  async commit(generation: number, positions: readonly Position[]): Promise<void> {
    await this.before(generation)
    this.commits.push([...positions])
  }

  retake(): void {}

  async stop(): Promise<void> {}
}

/** Answers `committed` with the given answers, one a call; the last one for ever. */
export function adminWith(answers: (readonly Position[] | MillraceError)[]): BrokerAdmin {
  let calls = 0
  return {
    topics: async () => [],
    createTopic: async () => {},
    offsets: async () => [
      { partition: 0, earliest: 0, end: 10 },
      { partition: 1, earliest: 5, end: 5 },
    ],
    committed: async () => {
      const answer = answers[Math.min(calls++, answers.length - 1)]!
      if (answer instanceof MillraceError) throw answer
      return answer
    },
  }
}

/** Lets everything that only waits for promises happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate)
}
