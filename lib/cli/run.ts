import { Command, Option } from 'commander'
import { MillraceError } from '../errors.ts'
import { onShutdown } from '../runtime/shutdown.ts'
import { DEFAULT_LIMITS, startWorker, type Worker } from '../runtime/worker.ts'
import type { Guarantee } from '../topology/nodes.ts'
import { guaranteeOption, milliseconds, wholeNumber } from './options.ts'
import { print } from './outcome.ts'
import { showWork } from './run-view.ts'
import { connect, type ServerFlags, withServers } from './servers/connect.ts'
import { stateDirectory } from './state-directory.ts'
import { loadTopology, variablesOf } from './topology-file.ts'

interface RunOptions extends ServerFlags {
  readonly untilCaughtUp?: boolean
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
  return withServers(new Command('run'))
    .description('run topologies as a worker, until SIGTERM or Ctrl-C')
    .argument('<file...>', 'topology files; each default export runs as its own consumer group')
    .option('--until-caught-up', 'stop at the end offsets found at start')
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
  const { guarantee } = options
  const environment = await connect(variablesOf(topologies), 'run', options)
  const workers: Worker[] = []
  const ended = new AbortController()
  let view: Promise<void> | undefined
  let stopping = false
  onShutdown((signal) => {
    environment.log.info({ signal }, 'draining')
    stopping = true
    for (const worker of workers) void worker.stop()
  })
  try {
    for (const [index, topology] of topologies.entries()) {
      if (stopping) break
      const worker = await startWorker({
        topology,
        environment,
        cure: `millrace apply ${files[index]}${guarantee === undefined ? '' : ` --guarantee ${guarantee}`}`,
        ...(guarantee === undefined ? {} : { guarantee }),
        ...(options.applicationId === undefined ? {} : { application: options.applicationId }),
        batch: { records: options.batchRecords, bytes: options.batchBytes, wait: options.batchWait },
        untilCaughtUp: options.untilCaughtUp ?? false,
        stateDir: stateDirectory(process.env),
      })
      workers.push(worker)
      environment.log.info({ topology: topology.name }, 'running')
    }
    const status = () => (ended.signal.aborted ? 'stopped' : stopping ? FINISHING : RUNNING)
    if (!options.json) view = showWork(topologies, workers, status, ended.signal)
    if (!stopping) await Promise.all(workers.map(({ done }) => done))
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()))
    ended.abort()
    await view
    await environment.close()
  }
  const counts = Object.fromEntries(
    workers.map(({ counters }, index) => [topologies[index]!.name, counters.snapshot()]),
  )
  if (options.json) print(counts)
  else environment.log.info({ counts }, 'stopped')
}
