import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cassandraDatacenter, cassandraJars } from '../../services/cassandra.ts'
import { services } from '../../services/catalog.ts'
import { kafkaJars } from '../../services/kafka.ts'
import { readRunning } from '../../services/pid-file.ts'
import { freePorts } from '../../services/ports.ts'
import { everyServerName, type RunningServer, serverNames } from '../../services/server.ts'
import { stopServer } from '../../services/stop.ts'
import type { Servers } from './servers.ts'

/** A temp directory that PostgreSQL, which may have to run as another user, can enter too. */
export async function makeServersDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-spec-'))
  await chmod(directory, 0o711)
  return directory
}

/** Starts all four servers at once on free ports and writes their addresses into the file it resolves with. */
export async function startSpecServers(dir: string): Promise<string> {
  const ports = await freePorts(2 * serverNames.length)
  const onProgress = (name: string, line: string) => console.log(`${name}: ${line}`)
  const outcomes = await Promise.allSettled(
    serverNames.map((name, index) =>
      services[name].start({ dir, port: ports[2 * index], internalPort: ports[2 * index + 1], onProgress }),
    ),
  )
  // Only once all have come to an end of starting: nothing is to appear behind the back of whoever stops them.
  const started = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
  const file = join(dir, 'servers.json')
  writeFileSync(file, JSON.stringify(await addressesOf(started), null, 2))
  return file
}

/** Stops whatever was started with this directory, even if starting was cut short, and removes its data. */
export async function stopSpecServers(dir: string): Promise<void> {
  // In this order ZooKeeper comes last: its Kafka needs it to stop cleanly.
  for (const name of everyServerName) {
    const dataDir = readRunning(dir, name)?.dataDir
    await stopServer(dir, name)
    // PostgreSQL's may lie elsewhere: see services/postgres-files.ts.
    if (dataDir !== undefined) await rm(dirname(dataDir), { recursive: true, force: true })
  }
  await rm(dir, { recursive: true, force: true })
}

/** Keeps the servers' logs of a failed run, out of the way of the next run's servers. */
export function keepLogs(dir: string, into: string): void {
  mkdirSync(into, { recursive: true })
  for (const name of everyServerName) {
    const log = join(dir, name, 'server.log')
    if (existsSync(log)) copyFileSync(log, join(into, `${name}.log`))
  }
}

async function addressesOf(started: readonly RunningServer[]): Promise<Servers> {
  const env: Record<string, string> = Object.assign({}, ...started.map((server) => server.env))
  return {
    kafkaBrokers: env.KAFKA_BROKERS ?? '',
    registryUrl: env.SCHEMA_REGISTRY_URL ?? '',
    databaseUrl: env.DATABASE_URL ?? '',
    cassandraContactPoints: env.CASSANDRA_CONTACT_POINTS ?? '',
    cassandraDatacenter,
    jars: { kafka: await kafkaJars(), cassandra: await cassandraJars() },
  }
}
