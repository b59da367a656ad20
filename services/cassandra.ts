import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { requireJava } from './java.ts'
import { fetchArtifacts } from './maven.ts'
import { loopback, requireFree } from './ports.ts'
import { probe } from './probe.ts'
import { launch, requireNotRunning } from './process.ts'
import type { RunningServer, StartOptions } from './server.ts'

export const cassandraVersion = '5.0.9'
export const cassandraPort = 9042
export const cassandraStoragePort = 7000
export const cassandraDatacenter = 'datacenter1'

const templates = fileURLToPath(new URL('cassandra-conf/', import.meta.url))

/** Fetches Cassandra's jars if need be; resolves with the directory that holds them. */
export function cassandraJars(onProgress: (line: string) => void = () => {}): Promise<string> {
  return fetchArtifacts({ name: 'cassandra', version: cassandraVersion }, onProgress)
}

/** One Cassandra node. Every acknowledged write is on disk (`commitlog_sync: batch`) and survives kill -9. */
export async function startCassandra(options: StartOptions): Promise<RunningServer> {
  const { dir, port = cassandraPort, internalPort = cassandraStoragePort } = options
  requireNotRunning(dir, 'cassandra')
  const java = requireJava()
  const jars = await cassandraJars((line) => options.onProgress?.('cassandra', line))
  await requireFree(port, 'Cassandra', '--cassandra-port')
  await requireFree(internalPort, "Cassandra's storage", '--cassandra-storage-port')
  const dataDir = join(dir, 'cassandra', 'data')
  const configuration = join(dir, 'cassandra', 'cassandra.yaml')
  mkdirSync(join(dataDir, 'triggers'), { recursive: true })
  writeFileSync(configuration, cassandraYaml(dataDir, port, internalPort))
  const address = `${loopback}:${port}`
  return launch(
    {
      name: 'cassandra',
      port,
      address,
      clientEnv: { CASSANDRA_CONTACT_POINTS: address, CASSANDRA_LOCAL_DC: cassandraDatacenter },
      dataDir,
      file: java,
      args: javaArguments(jars, dataDir, configuration),
      ready: cassandraAnswers,
    },
    options,
  )
}

/** Sends an OPTIONS frame of the native protocol (version 4) and waits for the header of SUPPORTED. */
export async function cassandraAnswers(port: number): Promise<boolean> {
  const answer = await probe(port, Buffer.from('040000000500000000', 'hex'), 9)
  return answer?.[4] === 0x06
}

function cassandraYaml(dataDir: string, port: number, storagePort: number): string {
  return readFileSync(join(templates, 'cassandra.yaml.in'), 'utf8')
    .replaceAll('@DIR@', dataDir)
    .replaceAll('@PORT@', String(port))
    .replaceAll('@STORAGE@', String(storagePort))
}

function javaArguments(jars: string, dataDir: string, configuration: string): string[] {
  return [
    ...['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xss512k'],
    `-javaagent:${join(jars, 'jamm-0.4.0.jar')}`,
    `@${join(templates, 'jvm17.options')}`,
    '-XX:+ExitOnOutOfMemoryError',
    '-Djava.net.preferIPv4Stack=true',
    `-Dcassandra.config=${pathToFileURL(configuration)}`,
    `-Dcassandra.storagedir=${dataDir}`,
    `-Dcassandra.triggers_dir=${join(dataDir, 'triggers')}`,
    `-Dlogback.configurationFile=${join(templates, 'logback.xml')}`,
    '-Dcassandra-foreground=yes',
    // A single node waits for nobody.
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.ring_delay_ms=0',
    '-Dcassandra.shutdown_announce_in_ms=0',
    ...['-cp', join(jars, '*'), 'org.apache.cassandra.service.CassandraDaemon'],
  ]
}
