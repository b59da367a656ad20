import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requireJava } from './java.ts'
import { fetchArtifacts } from './maven.ts'
import { loopback, requireFree } from './ports.ts'
import { probe } from './probe.ts'
import { launch, requireNotRunning } from './process.ts'
import type { RunningServer, StartOptions } from './server.ts'

export const kafkaVersion = '4.3.1'
export const kafkaPort = 9092
export const kafkaControllerPort = 9093

const logging = fileURLToPath(new URL('kafka.log4j2.properties', import.meta.url))

/** Fetches Kafka's jars if need be; resolves with the directory that holds broker and tools. */
export function kafkaJars(onProgress: (line: string) => void = () => {}): Promise<string> {
  return fetchArtifacts({ name: 'kafka', version: kafkaVersion }, onProgress)
}

/** One Kafka node, broker and controller (KRaft). Its data survives kill -9. */
export async function startKafka(options: StartOptions): Promise<RunningServer> {
  const { dir, port = kafkaPort, internalPort = kafkaControllerPort } = options
  requireNotRunning(dir, 'kafka')
  const java = requireJava()
  const jars = await kafkaJars((line) => options.onProgress?.('kafka', line))
  const classPath = join(jars, '*')
  await requireFree(port, 'Kafka', '--kafka-port')
  await requireFree(internalPort, "Kafka's controller", '--kafka-controller-port')
  const dataDir = join(dir, 'kafka', 'data')
  const properties = join(dir, 'kafka', 'server.properties')
  if (!existsSync(dataDir)) await format(java, classPath, dataDir, serverProperties(port, internalPort))
  writeFileSync(properties, serverProperties(port, internalPort, dataDir))
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
        ...['-Xms256m', '-Xmx1g', `-Dlog4j2.configurationFile=${logging}`],
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
async function format(java: string, classPath: string, dataDir: string, settings: string): Promise<void> {
  const fresh = `${dataDir}.new`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true })
  const properties = `${fresh}.properties`
  writeFileSync(properties, `${settings}log.dirs=${fresh}\n`)
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, '_')
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

function serverProperties(port: number, controllerPort: number, dataDir?: string): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${loopback}:${controllerPort}`,
    listeners: `PLAINTEXT://${loopback}:${port},CONTROLLER://${loopback}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${loopback}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    // How long a start after a kill -9 waits for the dead broker's session to end (9 s by default).
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    // Old event times would else be deleted within minutes.
    'log.retention.hours': -1,
    ...(dataDir === undefined ? {} : { 'log.dirs': dataDir }),
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
