import { Command, Option } from 'commander'
import type { Admin } from '../admin/server.ts'
import { MillraceError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { CountsByStep } from '../runtime/counters.ts'
import { onShutdown } from '../runtime/shutdown.ts'
import { DEFAULT_LIMITS } from '../runtime/worker-options.ts'
import type { Guarantee, Topology } from '../topology/nodes.ts'
import { type AdminFlags, openAdmin, withAdmin } from './admin-flags.ts'
import { logger } from './log.ts'
import { guaranteeOption, milliseconds, wholeNumber } from './options.ts'
import { print } from './outcome.ts'
import type { Crew, CrewEvents, RunSettings } from './run/crew.ts'
import { LocalCrew } from './run/local-crew.ts'
import { Run, type Together } from './run/run.ts'
import { ThreadCrew } from './run/thread-crew.ts'
import { showWork } from './run-view.ts'
import { type ServerFlags, withServers } from './servers/connect.ts'
import { stateDirectory } from './state-directory.ts'
import { loadTopology } from './topology-file.ts'

interface RunOptions extends ServerFlags, AdminFlags {
  readonly threads: number
  readonly standbys: number
  readonly failFast?: boolean
  readonly untilCaughtUp?: boolean
  readonly drain?: boolean
  readonly batchRecords: number
  readonly batchBytes: number
  readonly batchWait: number
  readonly applicationId?: string
  readonly guarantee?: Guarantee
  readonly json?: boolean
}

const RUNNING = 'running; Ctrl-C to stop'
const FINISHING = 'finishing what is in hand; Ctrl-C again ends at once'

export function runCommand(): Command {
  return withAdmin(withServers(new Command('run')))
    .description('run topologies as a worker, until SIGTERM or Ctrl-C')
    .argument('<file...>', 'topology files; each default export runs as its own consumer group')
    .option(
      '--threads <n>',
      'threads, each a member of the group with tasks of its own (num.stream.threads)',
      wholeNumber(1, 64),
      1,
    )
    .option(
      '--standbys <n>',
      'how many other workers follow each task with state, to take it over (num.standby.replicas)',
      wholeNumber(0, 16),
      0,
    )
    .option('--fail-fast', 'when one of several topologies fails, end the others too')
    .option('--until-caught-up', 'stop at the end offsets found at start')
    .option('--drain', 'read no input: finish what is in topics of its own, and stop')
    .option(
      '--application-id <id>',
      'consumer group and owner of the write clock (default: the topology name)',
    )
    .addOption(guaranteeOption())
    .option(
      '--batch-records <n>',
      'most records of a micro-batch',
      wholeNumber(1, 1_000_000),
      DEFAULT_LIMITS.records,
    )
    .option('--batch-bytes <n>', 'most bytes of a micro-batch', wholeNumber(1, 1 << 30), DEFAULT_LIMITS.bytes)
    .addOption(
      new Option('--batch-wait <duration>', 'how long it waits for more')
        .argParser(milliseconds)
        .default(DEFAULT_LIMITS.wait, `${DEFAULT_LIMITS.wait}ms`),
    )
    .option('--json', 'print the final counts as JSON')
    .action(run)
}

async function run(files: string[], options: RunOptions): Promise<void> {
  const topologies = await Promise.all(files.map(loadTopology))
  if (options.applicationId !== undefined && topologies.length > 1) {
    throw new MillraceError('CONFIG', '--application-id goes with one topology file')
  }
  const log = logger('run')
  const names = topologies.map(({ name }) => name)
  const admin = await openAdmin(options, names, log)
  try {
    await runAll(files, options, topologies, log, admin)
  } finally {
    await admin?.close()
  }
}

async function runAll(
  files: readonly string[],
  options: RunOptions,
  topologies: readonly Topology[],
  log: Logger,
  admin: Admin | undefined,
): Promise<void> {
  const settings = { ...settingsOf(files, options), endpoint: admin?.endpoint }
  const together = {
    topologies: topologies.map(({ name }) => name),
    log,
    failFast: options.failFast ?? false,
  }
  const run = new Run(together, (events) => crewsOf(options.threads, together, settings, events))
  onShutdown((signal) => {
    log.info({ signal }, 'draining')
    run.stop()
  })
  const ended = new AbortController()
  await run.start()
  for (const [index, views] of run.views().entries()) {
    const topology = topologies[index]!.name
    for (const view of views) admin?.add({ topology, application: options.applicationId ?? topology, view })
  }
  const status = () => (ended.signal.aborted ? 'stopped' : run.stopping ? FINISHING : RUNNING)
  const view = options.json ? undefined : showWork(topologies, () => run.counts(), status, ended.signal)
  try {
    await run.done()
  } finally {
    ended.abort()
    await view
    if (!options.json) log.info({ counts: countsByName(topologies, run) }, 'stopped')
  }
  if (options.json) print(countsByName(topologies, run))
}

function settingsOf(files: readonly string[], options: RunOptions): RunSettings {
  const { embedded, batchRecords, batchBytes, batchWait, applicationId, guarantee } = options
  const { standbys, untilCaughtUp = false, drain = false } = options
  return {
    files,
    embedded,
    untilCaughtUp,
    drain,
    batch: { records: batchRecords, bytes: batchBytes, wait: batchWait },
    applicationId,
    guarantee,
    stateDir: stateDirectory(process.env),
    standbys,
  }
}

function crewsOf(
  threads: number,
  { topologies, log }: Together,
  settings: RunSettings,
  events: CrewEvents,
): Crew[] {
  if (threads === 1) return [new LocalCrew(settings, log, events)]
  return Array.from(
    { length: threads },
    (_, index) => new ThreadCrew(index + 1, topologies, settings, log, events),
  )
}

function countsByName(topologies: readonly Topology[], run: Run): Record<string, CountsByStep> {
  const counts = run.counts()
  return Object.fromEntries(topologies.map(({ name }, index) => [name, counts[index] ?? {}]))
}
