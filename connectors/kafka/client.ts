import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka as KafkaClient, KafkaConfig, LogEntry } from 'kafkajs'
import { MillraceError } from '../../lib/errors.ts'
import { type Connections, connections } from './connections.ts'
import { kafkaError } from './errors.ts'
import { type Cluster, READ_COMMITTED } from './internals.ts'
import { Kafka, KafkaCluster, logLevel } from './kafkajs.ts'
import type { KafkaLogEntry, KafkaSettings } from './options.ts'

/** A client with connections of its own, that can be cut all at once. */
export interface Client {
  readonly kafka: KafkaClient
  readonly cluster: () => Cluster
  readonly sever: Connections['sever']
}

const CONNECTION_TIMEOUT_MS = 3_000
const CONNECT_PAUSE_MS = 250
/** Five retries over about three seconds; what takes longer is retried by us, where it can be seen and stopped. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 }

/** One client a component: kafkajs keeps committed offsets in a cache shared by all consumers of one `Kafka`. */
export function openClient(settings: KafkaSettings): Client {
  const sockets = connections()
  const config: KafkaConfig = {
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    retry: RETRY,
    socketFactory: sockets.open,
    logLevel: settings.logger === undefined ? logLevel.NOTHING : logLevel.WARN,
    logCreator: () => (entry) => settings.logger?.(logEntry(entry)),
    ...(settings.ssl === undefined ? {} : { ssl: settings.ssl }),
    ...(settings.sasl === undefined ? {} : { sasl: saslOptions(settings.sasl) }),
  }
  const kafka = new Kafka(config)
  return { kafka, cluster: () => openCluster(kafka, config, settings), sever: sockets.sever }
}

function openCluster(kafka: KafkaClient, config: KafkaConfig, settings: KafkaSettings): Cluster {
  return new KafkaCluster({
    ...config,
    logger: kafka.logger(),
    metadataMaxAge: settings.timing.metadataMaxAge,
    allowAutoTopicCreation: false,
    isolationLevel: READ_COMMITTED,
  })
}

function saslOptions(sasl: NonNullable<KafkaSettings['sasl']>): NonNullable<KafkaConfig['sasl']> {
  return { ...sasl } as NonNullable<KafkaConfig['sasl']>
}

/**
 * Tries until it is connected. Rejects with `UNREACHABLE` when no broker has answered within `connectTimeoutMs`, and
 * at once for what waiting can't cure.
 */
export async function reach(settings: KafkaSettings, connect: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + settings.connectTimeoutMs
  for (;;) {
    try {
      return await within(deadline - Date.now(), connect)
    } catch (error) {
      const failure = kafkaError(error, 'connecting')
      if (!failure.retriable) throw failure
      if (Date.now() + CONNECT_PAUSE_MS >= deadline) throw unreachable(settings, failure)
      await delay(CONNECT_PAUSE_MS)
    }
  }
}

/** Rejects with `UNREACHABLE` when `work` takes longer than this. The work itself goes on. */
export async function within(milliseconds: number, work: () => Promise<void>): Promise<void> {
  const timeout = new AbortController()
  const late = delay(Math.max(0, milliseconds), 'late' as const, { signal: timeout.signal })
  try {
    if ((await Promise.race([work(), late])) === 'late')
      throw new MillraceError('UNREACHABLE', 'no answer in time')
  } finally {
    timeout.abort()
    late.catch(() => {})
  }
}

function unreachable(settings: KafkaSettings, cause: MillraceError): MillraceError {
  const seconds = settings.connectTimeoutMs / 1000
  return new MillraceError(
    'UNREACHABLE',
    `No Kafka broker answered at ${settings.brokers.join(', ')} within ${seconds} s (${cause.message}). ` +
      'Is Kafka running there, and KAFKA_BROKERS right?',
    { cause },
  )
}

/**
 * kafkajs logs as errors what it then retries: all of it is debugging to us. Only texts and fields known to hold no
 * record contents are passed on.
 */
function logEntry({ namespace, log }: LogEntry): KafkaLogEntry {
  const context: Record<string, unknown> = {}
  for (const field of ['broker', 'groupId', 'memberId', 'topic', 'partition', 'retryCount', 'retryTime']) {
    if (log[field] !== undefined) context[field] = log[field]
  }
  return { level: 'debug', message: `kafkajs ${namespace}: ${log.message.split(/[{[]/)[0]}`, context }
}
