import type { Producer, Transaction } from 'kafkajs'
import { retrying } from '../../lib/backoff.ts'
import type {
  BrokerAdmin,
  CommittedPosition,
  TransactionalProducer,
  TransactionOptions,
} from '../../lib/broker/broker.ts'
import { CallsInTurn } from '../../lib/broker/calls-in-turn.ts'
import { PartitionChoice } from '../../lib/broker/partition-choice.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { OutRecord } from '../../lib/record.ts'
import type { BatchLimits } from './batch-limits.ts'
import { type Client, openClient } from './client.ts'
import { protocolTypeOf, transactionError } from './errors.ts'
import {
  ALL_IN_SYNC_REPLICAS,
  COMPRESSION,
  chosenPartition,
  isDivisible,
  isTooLarge,
  requireAll,
  tooLarge,
  topicMessages,
} from './messages.ts'
import type { KafkaSettings } from './options.ts'
import { CachedPartitionCounts } from './partition-counts.ts'
import { within } from './reach.ts'
import { type ProduceRequest, requestsOf } from './requests.ts'

const DEFAULT_TIMEOUT_MS = 60_000
/**
 * A broker answers CONCURRENT_TRANSACTIONS for some milliseconds after each commit, until its markers are written:
 * with kafkajs' own waiting times every transaction would take 300 ms.
 */
const RETRY = { initialRetryTime: 5, multiplier: 1.5, maxRetryTime: 100, retries: 100 }

interface Opened {
  readonly client: Client
  readonly producer: Producer
}

/** Rejects with `CONFIG` for a time-out below the group's session, `UNREACHABLE` when no broker answers. */
export async function openTransactions(
  settings: KafkaSettings,
  admin: BrokerAdmin,
  options: TransactionOptions,
  limits: BatchLimits,
): Promise<TransactionalProducer> {
  const timeout = options.timeout ?? DEFAULT_TIMEOUT_MS
  requireLongerThanSession(options.id, timeout, settings.timing.session)
  const client = openClient({ ...settings, clientId: options.clientId ?? settings.clientId }, RETRY)
  const producer = client.kafka.producer({
    transactionalId: options.id,
    transactionTimeout: timeout,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    metadataMaxAge: settings.timing.metadataMaxAge,
    createPartitioner: () => chosenPartition,
  })
  const opened = new KafkaTransactions({ client, producer }, settings, admin, { ...options, timeout }, limits)
  try {
    await client.reach(() => fence(producer))
  } catch (error) {
    await opened.close()
    throw error
  }
  return opened
}

/** kafkajs asks for the producer's id, which fences and settles, with the first transaction and not before. */
async function fence(producer: Producer): Promise<void> {
  await producer.connect()
  const nothing = await producer.transaction()
  await nothing.abort()
}

/**
 * A transactional producer of kafkajs, thrown away at the first error: only the next one's opening tells the broker
 * what to do with a transaction whose end is not known (the defence of Jepsen's analysis of Bufstream 0.1.0).
 */
class KafkaTransactions implements TransactionalProducer {
  readonly #opened: Opened
  readonly #goodbye: number
  readonly #options: TransactionOptions & { readonly timeout: number }
  readonly #limits: BatchLimits
  readonly #choice: PartitionChoice
  readonly #turns = new CallsInTurn()
  #open: Transaction | undefined

  constructor(
    opened: Opened,
    { timing }: KafkaSettings,
    admin: BrokerAdmin,
    options: TransactionOptions & { readonly timeout: number },
    limits: BatchLimits,
  ) {
    this.#opened = opened
    this.#goodbye = timing.goodbye
    this.#options = options
    this.#limits = limits
    this.#choice = new PartitionChoice(new CachedPartitionCounts(admin, timing.metadataMaxAge))
  }

  send(records: readonly OutRecord[]): Promise<void> {
    return this.#inTurn(async () => {
      if (records.length === 0) return
      const placed = await this.#choice.place(records)
      const transaction = await this.#transaction()
      for (const request of requestsOf(placed, this.#limits.of(placed)))
        await this.#produce(transaction, request)
    })
  }

  commit(positions: readonly CommittedPosition[]): Promise<void> {
    return this.#inTurn(async () => {
      if (positions.length > 0) await this.#addPositions(await this.#transaction(), positions)
      await this.#open?.commit()
      this.#open = undefined
    })
  }

  abort(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#open?.abort()
      this.#open = undefined
    })
  }

  /** A producer that has failed has nothing more to say to the broker. */
  async close(): Promise<void> {
    const { client, producer } = this.#opened
    await within(this.#goodbye, async () => {
      if (!this.#turns.failed) await this.abort().catch(() => {})
      await this.#turns.end(new MillraceError('INTERNAL', 'a call to a closed transactional producer'))
      await producer.disconnect()
    }).catch(() => {})
    client.sever()
  }

  /** Longer than the time-out nothing is waited for: the broker has given the transaction up by then. */
  #inTurn(call: () => Promise<void>): Promise<void> {
    const { id, timeout } = this.#options
    return this.#turns.run(async () => {
      try {
        await within(timeout, call, this.#opened.client.severed)
      } catch (error) {
        throw transactionError(error, id)
      }
    })
  }

  async #transaction(): Promise<Transaction> {
    this.#open ??= await this.#opened.producer.transaction()
    return this.#open
  }

  async #produce(transaction: Transaction, request: ProduceRequest): Promise<void> {
    try {
      const produced = await transaction.sendBatch({
        topicMessages: topicMessages(request),
        acks: ALL_IN_SYNC_REPLICAS,
        compression: COMPRESSION[this.#options.compression ?? 'none'],
      })
      requireAll(request, produced)
    } catch (error) {
      if (!isTooLarge(error)) throw error
      if (!isDivisible(request)) throw tooLarge(request)
      this.#limits.shrink(request)
      throw divisible(request)
    }
  }

  /** kafkajs leaves this one request without its retries; sent first after a commit, it fails half of the time. */
  #addPositions(transaction: Transaction, positions: readonly CommittedPosition[]): Promise<void> {
    const topics = Object.entries(Object.groupBy(positions, ({ topic }) => topic)).map(([topic, of]) => ({
      topic,
      partitions: of!.map(({ partition, offset, metadata }) => {
        return { partition, offset: String(offset), metadata }
      }),
    }))
    return retrying(() => transaction.sendOffsets({ consumerGroupId: this.#options.group, topics }), {
      base: RETRY.initialRetryTime,
      cap: RETRY.maxRetryTime,
      attempts: RETRY.retries,
      when: (error) => protocolTypeOf(error) === 'CONCURRENT_TRANSACTIONS',
    })
  }
}

function requireLongerThanSession(id: string, timeout: number, session: number): void {
  if (timeout > session) return
  throw new MillraceError(
    'CONFIG',
    `Transactions of ${id} may be open for ${timeout} ms, but the group waits ${session} ms for a silent member: ` +
      'give a longer time-out',
  )
}

/** Some of its batches may be written; none will be seen. */
function divisible({ records }: ProduceRequest): MillraceError {
  const topics = [...new Set(records.map(({ topic }) => topic))].join(', ')
  return new MillraceError(
    'WRITE',
    `A batch was too large for ${topics}; the next producer writes smaller ones`,
    {
      retriable: true,
    },
  )
}
