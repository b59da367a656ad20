import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError } from '../lib/errors.ts'
import { requireJava } from './java.ts'
import { kafkaAnswers } from './kafka.ts'
import { type Settings, singleNodeSettings, writeProperties } from './kafka-settings.ts'
import { loopback, requireFree } from './ports.ts'
import { launch, requireNotRunning } from './process.ts'
import type { RunningServer, StartOptions } from './server.ts'
import {
  kafkaZookeeperJars,
  loggingOption,
  startZookeeper,
  zookeeperAnswers,
  zookeeperHolds,
  zookeeperPort,
} from './zookeeper.ts'

/** Beside the other Kafka's 9092. */
export const kafkaZookeeperPort = 9192

const zookeeperWithinMs = 120_000
const brokerId = 0

export interface KafkaZookeeper extends RunningServer {
  /** The ZooKeeper alone, while the broker goes on. */
  readonly zookeeper: {
    stop(): Promise<void>
    kill(): Promise<void>
    /** Starts it again with the same data and port. */
    start(): Promise<void>
  }
}

/** Kafka 3.9 and its ZooKeeper, stopped and killed together. Their data survive kill -9. */
export async function startKafkaZookeeper(options: StartOptions): Promise<KafkaZookeeper> {
  const ofZookeeper = { ...options, port: options.internalPort, internalPort: undefined }
  let zookeeper = await startZookeeper(ofZookeeper)
  const broker = await startZookeeperBroker(options).catch(async (error: unknown) => {
    await zookeeper.kill()
    throw error
  })
  return {
    ...broker,
    stop: async () => {
      await broker.stop()
      await zookeeper.stop()
    },
    kill: async () => {
      await Promise.all([broker.kill(), zookeeper.kill()])
    },
    zookeeper: {
      stop: () => zookeeper.stop(),
      kill: () => zookeeper.kill(),
      start: async () => {
        zookeeper = await startZookeeper(ofZookeeper)
      },
    },
  }
}

/** The broker alone; waits for the ZooKeeper on `internalPort`. */
export async function startZookeeperBroker(options: StartOptions): Promise<RunningServer> {
  const { dir, port = kafkaZookeeperPort, internalPort = zookeeperPort } = options
  requireNotRunning(dir, 'kafka-zookeeper')
  const java = requireJava()
  const jars = await kafkaZookeeperJars((line) => options.onProgress?.('kafka-zookeeper', line))
  await requireFree(port, 'Kafka', '--kafka-zookeeper-port')
  const dataDir = join(dir, 'kafka-zookeeper', 'data')
  const properties = join(dir, 'kafka-zookeeper', 'server.properties')
  mkdirSync(dataDir, { recursive: true })
  writeProperties(properties, settingsOf(port, internalPort, dataDir))
  await untilFit(internalPort)
  const address = `${loopback}:${port}`
  return launch(
    {
      name: 'kafka-zookeeper',
      port,
      address,
      clientEnv: { KAFKA_BROKERS: address },
      dataDir,
      file: java,
      args: ['-Xms128m', '-Xmx512m', loggingOption, '-cp', join(jars, '*'), 'kafka.Kafka', properties],
      ready: kafkaAnswers,
    },
    options,
  )
}

/** A killed broker's registration outlives it by its session, and the next one's start would fail on it. */
async function untilFit(port: number): Promise<void> {
  const deadline = Date.now() + zookeeperWithinMs
  while (!(await zookeeperAnswers(port)) || (await zookeeperHolds(port, `/brokers/ids/${brokerId}`))) {
    if (Date.now() > deadline) {
      throw new MillraceError(
        'UNREACHABLE',
        `no ZooKeeper without a Kafka at ${loopback}:${port} within ${zookeeperWithinMs / 1000} s: start it, ` +
          'end its other Kafka, or choose another with --zookeeper-port',
      )
    }
    await delay(100)
  }
}

function settingsOf(port: number, ofZookeeper: number, dataDir: string): Settings {
  return {
    ...singleNodeSettings,
    'broker.id': brokerId,
    'zookeeper.connect': `${loopback}:${ofZookeeper}`,
    'zookeeper.session.timeout.ms': 6000,
    'zookeeper.connection.timeout.ms': 60_000,
    listeners: `PLAINTEXT://${loopback}:${port}`,
    'advertised.listeners': `PLAINTEXT://${loopback}:${port}`,
    'log.dirs': dataDir,
  }
}
