import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { cassandraPort, cassandraStoragePort } from '../../services/cassandra.ts'
import { kafkaControllerPort, kafkaPort } from '../../services/kafka.ts'
import { kafkaZookeeperPort } from '../../services/kafka-zookeeper.ts'
import { postgresPort } from '../../services/postgres.ts'
import { registryPort } from '../../services/registry.ts'
import {
  everyServerName,
  type ServerName,
  type StartOptions,
  serverNames,
  zookeeperNames,
} from '../../services/server.ts'
import { type ServerStatus, statusOf } from '../../services/status.ts'
import { stopServers } from '../../services/stop.ts'
import { upAll } from '../../services/up.ts'
import { zookeeperPort } from '../../services/zookeeper.ts'
import { MillraceError } from '../errors.ts'

interface CommonOptions {
  readonly dir: string
  readonly json?: boolean
}

interface UpOptions extends CommonOptions {
  readonly kafkaPort: number
  readonly kafkaControllerPort: number
  readonly registryPort: number
  readonly postgresPort: number
  readonly cassandraPort: number
  readonly cassandraStoragePort: number
  readonly kafkaZookeeperPort: number
  readonly zookeeperPort: number
}

/** What may be asked for by name: the servers of `all`, and the other Kafka with its ZooKeeper. */
const choices: Readonly<Record<string, readonly ServerName[]>> = {
  ...Object.fromEntries(serverNames.map((name) => [name, [name]])),
  all: serverNames,
  'kafka-zookeeper': zookeeperNames,
}

/** `millrace services`: the real servers as plain processes on 127.0.0.1, for development and tests. */
export function servicesCommand(): Command {
  const command = new Command('services').description(
    'start and stop the real servers (Kafka, schema registry, PostgreSQL, Cassandra) as local processes',
  )
  withPorts(
    subcommand(command, 'up', 'fetch what is missing, start what does not run, wait until it answers'),
  ).action(up)
  subcommand(command, 'down', 'stop what runs, cleanly; the data stay').action(down)
  subcommand(command, 'status', 'show what runs; exit code 0 if all of it does, else 1').action(status)
  subcommand(command, 'env', 'print the variables for what runs: eval "$(millrace services env)"').action(env)
  return command
}

function subcommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .argument('[names...]', `${serverNames.join(', ')}, all (of these), or kafka-zookeeper`, ['all'])
    .option('--dir <directory>', "directory of the servers' data, settings and logs", '.millrace/services')
    .option('--json', 'print JSON')
}

function withPorts(command: Command): Command {
  return command
    .addOption(portOption('--kafka-port', 'Kafka', kafkaPort))
    .addOption(portOption('--kafka-controller-port', "Kafka's controller", kafkaControllerPort))
    .addOption(portOption('--registry-port', 'the schema registry', registryPort))
    .addOption(portOption('--postgres-port', 'PostgreSQL', postgresPort))
    .addOption(portOption('--cassandra-port', 'Cassandra', cassandraPort))
    .addOption(portOption('--cassandra-storage-port', "Cassandra's storage", cassandraStoragePort))
    .addOption(portOption('--kafka-zookeeper-port', 'the Kafka with ZooKeeper', kafkaZookeeperPort))
    .addOption(portOption('--zookeeper-port', 'ZooKeeper', zookeeperPort))
}

function portOption(flag: string, what: string, port: number): Option {
  return new Option(`${flag} <port>`, `port of ${what}`).default(port).argParser(parsePort)
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new InvalidArgumentError('a port is a whole number from 1 to 65535.')
}

async function up(given: string[], options: UpOptions): Promise<void> {
  const started = await upAll(namesOf(given), (name) => startOptions(name, options))
  if (options.json) return print(started)
  for (const { name, address, pid, started: isNew } of started) {
    console.log(`${name} ${isNew ? 'runs' : 'already runs'} at ${address} (pid ${pid})`)
  }
}

async function down(given: string[], options: CommonOptions): Promise<void> {
  const stopped = await stopServers(resolve(options.dir), namesOf(given))
  if (options.json) return print(stopped)
  for (const { name, pid } of stopped) {
    console.log(pid === undefined ? `${name} does not run` : `${name} stopped (pid ${pid})`)
  }
}

async function status(given: string[], options: CommonOptions): Promise<void> {
  const found = await statusOf(resolve(options.dir), namesOf(given))
  if (found.some(({ state }) => state !== 'running')) process.exitCode = 1
  if (options.json) return print(found)
  for (const line of found.map(statusLine)) console.log(line)
}

async function env(given: string[], options: CommonOptions): Promise<void> {
  const found = await statusOf(resolve(options.dir), namesOf(given))
  const running = found.filter(({ state }) => state === 'running')
  const variables: Record<string, string> = Object.assign({}, ...running.map((server) => server.env))
  for (const { name, state } of found) {
    if (state !== 'running')
      console.error(`${name} is ${state}: start it with millrace services up ${choiceOf(name)}`)
  }
  if (running.length === 0) process.exitCode = 1
  if (options.json) return print(variables)
  for (const [variable, value] of Object.entries(variables)) console.log(`export ${variable}=${value}`)
}

function namesOf(given: readonly string[]): readonly ServerName[] {
  const unknown = given.filter((name) => !Object.hasOwn(choices, name))
  if (unknown.length > 0) {
    const known = Object.keys(choices).join(', ')
    throw new MillraceError('CONFIG', `unknown service ${unknown.join(', ')}: choose from ${known}`)
  }
  const chosen = new Set(given.flatMap((name) => choices[name] ?? []))
  return everyServerName.filter((name) => chosen.has(name))
}

function startOptions(name: ServerName, options: UpOptions): StartOptions {
  const ports = {
    kafka: { port: options.kafkaPort, internalPort: options.kafkaControllerPort },
    registry: { port: options.registryPort },
    postgres: { port: options.postgresPort },
    cassandra: { port: options.cassandraPort, internalPort: options.cassandraStoragePort },
    'kafka-zookeeper': { port: options.kafkaZookeeperPort, internalPort: options.zookeeperPort },
    zookeeper: { port: options.zookeeperPort },
  }
  // On stderr, so that stdout holds the result alone.
  const onProgress = (server: ServerName, line: string) => console.error(`${server}: ${line}`)
  return { dir: resolve(options.dir), ...ports[name], detached: true, onProgress }
}

function choiceOf(name: ServerName): string {
  return name === 'zookeeper' ? 'kafka-zookeeper' : name
}

function statusLine({ name, state, pid, address, dataDir }: ServerStatus): string {
  const where = pid === undefined ? '' : `pid ${pid}  ${address}  ${dataDir}`
  return `${name.padEnd(15)} ${state.padEnd(8)} ${where}`.trimEnd()
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, null, 2))
}
