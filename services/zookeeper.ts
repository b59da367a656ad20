import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireJava } from './java.ts'
import { writeProperties } from './kafka-settings.ts'
import { fetchArtifacts } from './maven.ts'
import { loopback, requireFree } from './ports.ts'
import { launch, requireNotRunning } from './process.ts'
import type { RunningServer, StartOptions } from './server.ts'

/** The last Kafka that runs with ZooKeeper, and the ZooKeeper that it brings. */
export const kafkaZookeeperVersion = '3.9.2'
export const zookeeperVersion = '3.8.4'
/** Not 2181, where a ZooKeeper of the system would be. */
export const zookeeperPort = 2182

const answerWithinMs = 2_000

/** The JVM options by which both processes log; the class path's own default would be every debug line. */
export const loggingOption = `-Dlogback.configurationFile=${fileURLToPath(new URL('kafka-zookeeper.logback.xml', import.meta.url))}`

/** Fetches the jars of Kafka 3.9 and ZooKeeper if need be; resolves with the one directory that holds both. */
export function kafkaZookeeperJars(onProgress: (line: string) => void = () => {}): Promise<string> {
  return fetchArtifacts({ name: 'kafka-zookeeper', version: kafkaZookeeperVersion }, onProgress)
}

/** One ZooKeeper, for one Kafka. Its data, sessions included, survive kill -9. */
export async function startZookeeper(options: StartOptions): Promise<RunningServer> {
  const { dir, port = zookeeperPort } = options
  requireNotRunning(dir, 'zookeeper')
  const java = requireJava()
  const jars = await kafkaZookeeperJars((line) => options.onProgress?.('zookeeper', line))
  await requireFree(port, 'ZooKeeper', '--zookeeper-port')
  const dataDir = join(dir, 'zookeeper', 'data')
  const properties = join(dir, 'zookeeper', 'zookeeper.properties')
  mkdirSync(dataDir, { recursive: true })
  writeProperties(properties, {
    dataDir,
    clientPort: port,
    clientPortAddress: loopback,
    'admin.enableServer': false,
    // Sessions may be as short as two ticks, which is how long the ghost of a killed Kafka stays.
    tickTime: 1000,
    '4lw.commands.whitelist': 'srvr,dump',
  })
  return launch(
    {
      name: 'zookeeper',
      port,
      address: `${loopback}:${port}`,
      clientEnv: {},
      dataDir,
      file: java,
      args: [
        ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', loggingOption],
        ...['-cp', join(jars, '*'), 'org.apache.zookeeper.server.quorum.QuorumPeerMain', properties],
      ],
      ready: zookeeperAnswers,
    },
    options,
  )
}

/** While it loads its data, the answer is that it does not serve requests. */
export async function zookeeperAnswers(port: number): Promise<boolean> {
  return (await ask(port, 'srvr')).startsWith('Zookeeper version')
}

/** Whether some session, perhaps of a Kafka that is dead, still holds this node. */
export async function zookeeperHolds(port: number, node: string): Promise<boolean> {
  return (await ask(port, 'dump')).split(/\s+/).includes(node)
}

/** Sends one of ZooKeeper's four-letter commands; '' if there is no answer within two seconds. */
function ask(port: number, command: 'srvr' | 'dump'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, loopback, () => socket.write(command))
    let answer = ''
    const end = (result: string) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(answerWithinMs, () => end(''))
    socket.on('error', () => end(''))
    socket.on('close', () => end(answer))
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
  })
}
