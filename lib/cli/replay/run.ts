import { setTimeout as delay } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { MillraceError, messageOf } from '../../errors.ts'
import { rate } from '../../rate.ts'
import { planReplay, type ReplayPlan } from '../../replay/plan-replay.ts'
import { derivedTopology, type Replay, startReplay } from '../../replay/replay.ts'
import { readReplays } from '../../replay/replay-record.ts'
import { connectorFor } from '../../runtime/open.ts'
import { onShutdown } from '../../runtime/shutdown.ts'
import { type Guarantee, isTopic, type Topology } from '../../topology/nodes.ts'
import type { Variable } from '../config.ts'
import { viewLogger } from '../log.ts'
import { guaranteeOption } from '../options.ts'
import { print } from '../outcome.ts'
import { type Connected, connect, type ServerFlags, withServers } from '../servers/connect.ts'
import { stateDirectory } from '../state-directory.ts'
import { loadTopology, variablesOf } from '../topology-file.ts'
import { flowOf, planText, type ReplayReport, replayProgress, reportText } from './run-text.ts'
import { type SelectionFlags, selectionOf } from './selection.ts'

interface Flags extends ServerFlags, SelectionFlags {
  readonly rate?: number
  readonly acceptGap?: boolean
  readonly dryRun?: boolean
  readonly applicationId?: string
  readonly guarantee?: Guarantee
  readonly json?: boolean
}

/** Adds what `millrace replay FILE` itself takes. */
export function withReplayRun(command: Command): Command {
  return withServers(command)
    .argument('[file]', 'topology file')
    .option('--from <where>', 'earliest, an offset, a time, or how long ago: 12h (default: earliest)')
    .option('--to <where>', 'the same; latest is the end found at start (default: latest)')
    .option('--run <id>', 'instead: the times at which an ingest run has fetched')
    .option('--key <key>', 'only records of this key')
    .option('--into <name>', 'into a shadow: topics, tables and state of that name, created as needed')
    .option('--name <name>', 'of the replay (default: r1, r2 …)')
    .option('--rate <rate>', 'most records a second, minute or hour of each topic: 500/s', perSecond)
    .option('--rewrite', 'have its rows win over those of the same time (raises the generation)')
    .option('--accept-gap', 'go on although records of the range are there no more')
    .option('--dry-run', 'say what would be read, and how long it would take')
    .option('--application-id <id>', 'the live application (default: the topology name)')
    .addOption(guaranteeOption())
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action((file: string | undefined, flags: Flags) => replay(file, flags, command))
}

const HELP = `
It runs beside the live application, as a group of its own. Rows keep the time of their records: none replaces a newer one.
Killed, the same command goes on where it was. Windows: the range is widened until they are whole.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 records of the range are gone, or state needs more than a range.`

async function replay(file: string | undefined, flags: Flags, command: Command): Promise<void> {
  if (file === undefined) return command.help({ error: true })
  const topology = await loadTopology(file)
  const environment = await connect(variablesOf([topology]), 'replay', flags, viewLogger('replay'))
  try {
    const { DATABASE_URL } = environment.settings as { readonly DATABASE_URL?: string }
    const { keep, text, ...range } = await selectionOf(flags, topology, DATABASE_URL)
    const application = flags.applicationId ?? topology.name
    const { into } = flags
    const name = into ?? flags.name
    // Under another guarantee it has other topics of its own: what waits in those of the first would never be written.
    const request = `${text} ${flags.guarantee ?? topology.guarantee}`
    const asked = { topology, application, environment, request, into: into !== undefined, ...range }
    const plan = await planReplay({ ...asked, ...(name !== undefined && { name }) })
    if (!flags.json) process.stdout.write(planText(plan, await paceOf(environment, application, flags)))
    requireNoGaps(plan, flags)
    if (flags.dryRun) {
      if (flags.json) print(plan)
      return
    }
    if (flags.rewrite && plan.record.state === 'prepared')
      await raiseGenerations(topology, application, environment)
    const options = {
      ...{
        topology,
        application,
        name: plan.name,
        into: into !== undefined,
        record: plan.record,
        environment,
      },
      ...{ stateDir: stateDirectory(process.env), guarantee: flags.guarantee, rate: flags.rate, keep },
    }
    const report = await watched(await startReplay(options), plan, derivedTopology(options))
    if (flags.json) print(report)
    else process.stdout.write(reportText(report))
  } finally {
    await environment.close()
  }
}

const LOOK_EVERY_MS = 500

/** Shows how far it is until it has ended. */
async function watched(replay: Replay, plan: ReplayPlan, derived: Topology): Promise<ReplayReport> {
  onShutdown(() => void replay.stop())
  const begun = performance.now()
  const total = plan.record.ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  const before = plan.resumes ?? { done: 0, total }
  const shown = replayProgress(process.stderr, before)
  const ended = new AbortController()
  const looking = (async () => {
    while (!ended.signal.aborted) {
      // A broker that is away says nothing: the worker waits for it, and so does this.
      await replay.progress().then(shown.at, () => {})
      await delay(LOOK_EVERY_MS, undefined, { signal: ended.signal }).catch(() => {})
    }
  })()
  const state = await replay.ended.finally(async () => {
    ended.abort()
    await looking
    shown.stop()
  })
  const { done } = state === 'done' ? { done: total } : await replay.progress()
  const seconds = (performance.now() - begun) / 1000
  const records = done - before.done
  return {
    ...{ name: plan.name, application: plan.application, state, records, of: total - before.done, seconds },
    recordsPerSecond: Math.round(records / seconds),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    ...flowOf(derived, replay.counts()),
  }
}

function requireNoGaps({ record }: ReplayPlan, { acceptGap }: Flags): void {
  const gaps = record.ranges.flatMap(({ topic, partition, gap }) =>
    gap === undefined ? [] : [`${topic}/${partition} from ${gap.from} to ${gap.to}`],
  )
  if (gaps.length === 0 || acceptGap) return
  throw new MillraceError(
    'DATA_LOSS',
    `records of the range are there no more: ${gaps.join(', ')}. --accept-gap replays what is left`,
  )
}

/** As the last one was, unless it is told how fast. */
async function paceOf(environment: Connected<Variable>, application: string, { rate }: Flags) {
  if (rate !== undefined) return rate
  const paces = (await readReplays(environment, application)).flatMap(
    ({ value }) => value.recordsPerSecond ?? [],
  )
  return paces.at(-1)
}

async function raiseGenerations({ nodes }: Topology, application: string, environment: Connected<Variable>) {
  const names = nodes.flatMap((node) =>
    node.kind === 'sink' && !isTopic(node.target) ? [node.target.connector] : [],
  )
  for (const name of new Set(names))
    await connectorFor(environment.sinks, name, name).raiseGeneration?.(application)
}

function perSecond(text: string): number {
  try {
    return rate(text)
  } catch (error) {
    throw new InvalidArgumentError(`${messageOf(error)}.`)
  }
}
