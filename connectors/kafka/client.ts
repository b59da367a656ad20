import type { Kafka as KafkaClient, KafkaConfig, LogEntry, RetryOptions } from 'kafkajs'
import { type Connections, connections } from './connections.ts'
import { type Cluster, READ_COMMITTED } from './internals.ts'
import { Kafka, KafkaCluster, logLevel } from './kafkajs.ts'
import type { KafkaLogEntry, KafkaSettings } from './options.ts'
import { reach } from './reach.ts'

/** A client with connections of its own, that can be cut all at once. */
export interface Client extends Connections {
  readonly kafka: KafkaClient
  cluster(): Cluster
  /** Connects, or rejects as `reach` does. */
  reach(connect: () => Promise<void>): Promise<void>
}

const CONNECTION_TIMEOUT_MS = 3_000
/** Five retries over about three seconds; what takes longer is retried by us, where it can be seen and stopped. */
const RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 }

/** One client a component: kafkajs keeps committed offsets in a cache shared by all consumers of one `Kafka`. */
export function openClient(settings: KafkaSettings, retry = RETRY): Client {
  const sockets = connections()
  const config: KafkaConfig = {
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    retry,
    socketFactory: sockets.open,
    logLevel: settings.logger === undefined ? logLevel.NOTHING : logLevel.WARN,
    logCreator: () => (entry) => settings.logger?.(logEntry(entry)),
    ...(settings.ssl === undefined ? {} : { ssl: settings.ssl }),
    ...(settings.sasl === undefined ? {} : { sasl: saslOptions(settings.sasl) }),
  }
  const kafka = new Kafka(config)
  const { brokers, connectTimeoutMs } = settings
  const { severed } = sockets
  return {
    ...sockets,
    kafka,
    cluster: () => openCluster(kafka, config, settings),
    reach: (connect) => reach({ brokers, connectTimeoutMs, severed }, connect),
  }
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
