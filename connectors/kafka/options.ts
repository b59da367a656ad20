import type { ConnectionOptions } from 'node:tls'
import { MillraceError } from '../../lib/errors.ts'

export interface KafkaBrokerOptions {
  /** `host:port`, any of the cluster's brokers. */
  readonly brokers: readonly string[]
  readonly clientId?: string | undefined
  readonly ssl?: boolean | ConnectionOptions | undefined
  readonly sasl?: KafkaCredentials | undefined
  /** How long a first connection may take in all, before `UNREACHABLE`. Milliseconds, default 20,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Told what the client logs. Default: nobody. */
  readonly logger?: ((entry: KafkaLogEntry) => void) | undefined
  readonly timing?: Partial<KafkaTiming> | undefined
}

export interface KafkaCredentials {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

export interface KafkaLogEntry {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  readonly message: string
  readonly context: Readonly<Record<string, unknown>>
}

/** All in milliseconds. */
export interface KafkaTiming {
  /**
   * A member that is silent for this long loses its partitions. After a kill -9 this is how long nobody gets them,
   * the restarted worker neither.
   */
  readonly session: number
  readonly heartbeat: number
  /** How long a rebalance waits for members to come back. */
  readonly rebalance: number
  /** How long the broker may hold a fetch when it has nothing. */
  readonly fetchWait: number
  /** How old the known list of partitions may become. */
  readonly metadataMaxAge: number
  /** A consumer that did nothing at all for this long is replaced. */
  readonly watchdog: number
  /** How long the answer to one question of the admin may take. */
  readonly answer: number
  /** How long `stop` and `close` wait for the brokers before they cut the connections. */
  readonly goodbye: number
}

export interface KafkaSettings extends KafkaBrokerOptions {
  readonly clientId: string
  readonly connectTimeoutMs: number
  readonly timing: KafkaTiming
}

const TIMING: KafkaTiming = {
  session: 10_000,
  heartbeat: 3_000,
  rebalance: 60_000,
  fetchWait: 200,
  metadataMaxAge: 30_000,
  watchdog: 180_000,
  answer: 60_000,
  goodbye: 5_000,
}

/** Fills in what is not given. Throws `CONFIG` for addresses that can't be right. */
export function kafkaSettings(options: KafkaBrokerOptions): KafkaSettings {
  if (options.brokers.length === 0)
    throw new MillraceError('CONFIG', 'KAFKA_BROKERS names no broker; give host:port,…')
  for (const broker of options.brokers) {
    if (!/^[^\s:]+:\d{1,5}$/.test(broker)) {
      throw new MillraceError('CONFIG', `KAFKA_BROKERS: "${broker}" is not host:port`)
    }
  }
  return {
    ...options,
    clientId: options.clientId ?? 'millrace',
    connectTimeoutMs: options.connectTimeoutMs ?? 20_000,
    timing: { ...TIMING, ...options.timing },
  }
}
