import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requireJava } from './java.ts'
import { type Settings, singleNodeSettings, writeProperties } from './kafka-settings.ts'
import { fetchArtifacts } from './maven.ts'
import { loopback, requireFree } from './ports.ts'
import { probe } from './probe.ts'
import { launch, requireNotRunning } from './process.ts'
import type { RunningServer, StartOptions } from './server.ts'

export const kafkaVersion = '4.3.1'
export const kafkaPort = 9092
export const kafkaControllerPort = 9093

const logging = fileURLToPath(new URL('kafka.log4j2.properties', import.meta.url))

export interface KafkaOptions extends StartOptions {
  /** On top of those of a single node: for a node of a cluster, or one that is reached through a proxy. */
  readonly settings?: Settings | undefined
  /** Of the cluster, 22 characters of base64url; default: a new one. */
  readonly clusterId?: string | undefined
  /** Of the Java heap. Default 1,024. */
  readonly maxHeapMegabytes?: number | undefined
}

/** Fetches Kafka's jars if need be; resolves with the directory that holds broker and tools. */
export function kafkaJars(onProgress: (line: string) => void = () => {}): Promise<string> {
  return fetchArtifacts({ name: 'kafka', version: kafkaVersion }, onProgress)
}

/** One Kafka node, broker and controller (KRaft). Its data survives kill -9. */
export async function startKafka(options: KafkaOptions): Promise<RunningServer> {
  const { dir, port = kafkaPort, internalPort = kafkaControllerPort, maxHeapMegabytes = 1024 } = options
  requireNotRunning(dir, 'kafka')
  const java = requireJava()
  const jars = await kafkaJars((line) => options.onProgress?.('kafka', line))
  const classPath = join(jars, '*')
  await requireFree(port, 'Kafka', '--kafka-port')
  await requireFree(internalPort, "Kafka's controller", '--kafka-controller-port')
  const dataDir = join(dir, 'kafka', 'data')
  const properties = join(dir, 'kafka', 'server.properties')
  const settings = { ...settingsOf(port, internalPort), ...options.settings }
  if (!existsSync(dataDir)) await format(java, classPath, dataDir, settings, options.clusterId)
  writeProperties(properties, { ...settings, 'log.dirs': dataDir })
  const address = `${loopback}:${port}`
  return launch(
    {
      name: 'kafka',
      port,
      address,
      clientEnv: { KAFKA_BROKERS: address },
      dataDir,
      file: java,
      args: [
        ...['-Xms256m', `-Xmx${maxHeapMegabytes}m`, `-Dlog4j2.configurationFile=${logging}`],
        ...['-cp', classPath, 'kafka.Kafka', properties],
      ],
      ready: kafkaAnswers,
    },
    options,
  )
}

/** Whether the broker is in the cluster: asks for metadata (version 1, no topics) and counts the brokers. */
export async function kafkaAnswers(port: number): Promise<boolean> {
  const request = Buffer.from('000000' + '0e' + '0003' + '0001' + '00000001' + 'ffff' + '00000000', 'hex')
  const answer = await probe(port, request, 12)
  return answer !== undefined && answer.readInt32BE(8) > 0
}

/** Formats beside the data directory and renames: a kill in between leaves nothing half formatted. */
async function format(
  java: string,
  classPath: string,
  dataDir: string,
  settings: Settings,
  clusterId = randomBytes(16).toString('base64url').replace(/^-/, '_'),
): Promise<void> {
  const fresh = `${dataDir}.new`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true })
  const properties = `${fresh}.properties`
  writeProperties(properties, { ...settings, 'log.dirs': fresh })
  const args = [
    `-Dlog4j2.configurationFile=${logging}`,
    '-cp',
    classPath,
    'kafka.tools.StorageTool',
    'format',
  ]
  await promisify(execFile)(java, [...args, '-t', clusterId, '-c', properties])
  renameSync(fresh, dataDir)
  rmSync(properties)
}

function settingsOf(port: number, controllerPort: number): Settings {
  return {
    ...singleNodeSettings,
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${loopback}:${controllerPort}`,
    listeners: `PLAINTEXT://${loopback}:${port},CONTROLLER://${loopback}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${loopback}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // How long a start after a kill -9 waits for the dead broker's session to end (9 s by default).
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
  }
}
