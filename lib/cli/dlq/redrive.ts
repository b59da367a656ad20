import { Command, InvalidArgumentError } from 'commander'
import { planRedrive, requireSelected } from '../../dead-letters/plan-redrive.ts'
import type { ReEntry } from '../../dead-letters/re-entry.ts'
import { redrive } from '../../dead-letters/redrive.ts'
import type { RedriveOptions } from '../../dead-letters/redrive-options.ts'
import type { Redriven } from '../../dead-letters/redrive-run.ts'
import type { Selection } from '../../dead-letters/sift.ts'
import { TopologyReEntry } from '../../dead-letters/topology-re-entry.ts'
import { deployedAs } from '../../deployed/application.ts'
import { Ledger } from '../../deployed/ledger.ts'
import { MillraceError, messageOf } from '../../errors.ts'
import { rate } from '../../rate.ts'
import { requireResources, resourcesOf } from '../../runtime/resources.ts'
import { onShutdown } from '../../runtime/shutdown.ts'
import { withGuarantee } from '../../topology/guarantee.ts'
import type { Guarantee } from '../../topology/nodes.ts'
import type { Variable } from '../config.ts'
import { confirm } from '../confirm.ts'
import { guaranteeOption, wholeNumber } from '../options.ts'
import { DIFFERENT, print } from '../outcome.ts'
import { type Connected, connect, type ServerFlags, withServers } from '../servers/connect.ts'
import { variablesOf } from '../topology-file.ts'
import { CaptureReEntry } from './capture-re-entry.ts'
import { type LettersOf, lettersOfArgument } from './letters-of.ts'
import { requireFingerprint, requirePlace } from './place-argument.ts'
import { planText, redrivenText, redriveProgress } from './redrive-text.ts'

interface Flags extends ServerFlags {
  readonly all?: boolean
  readonly group?: string
  readonly letter?: string
  readonly dryRun?: boolean
  readonly rate?: number
  readonly limit: number
  readonly again?: boolean
  readonly acceptRepeats?: boolean
  readonly applicationId?: string
  readonly guarantee?: Guarantee
  readonly yes?: boolean
  readonly json?: boolean
}

export function dlqRedriveCommand(): Command {
  return withServers(new Command('redrive'))
    .description(
      'let dead letters in again where they were refused, in that branch only, with their own time and lineage',
    )
    .argument('<file>', 'topology file, mended, or users.raw.dlq: staging rows are captured again')
    .option('--all', 'all that have not been redriven')
    .option('--group <fingerprint>', 'those of a group that `dlq ls` shows')
    .option('--letter <partition/offset>', 'this one')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--rate <rate>', 'most letters a second, minute or hour: 50/s, 30/m', perSecond)
    .option('--limit <n>', 'leave what has been refused again so often', wholeNumber(1, 1000), 3)
    .option('--again', 'also what has been redriven before')
    .option('--accept-repeats', 'also where a part of a record may be in a topic already')
    .option('--application-id <id>', 'the application whose sinks are written (default: the topology name)')
    .addOption(guaranteeOption())
    .option('--yes', 'do not ask')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      [
        '\nThe application may run meanwhile. Can be killed at any point, and run again: it goes on where it was.',
        'Exit codes: 0 done, 1 failed, 3 some can not come in again, 4 some are dead letters again.',
      ].join('\n'),
    )
    .action(redriveLetters)
}

async function redriveLetters(said: string, flags: Flags): Promise<void> {
  const whose = await lettersOfArgument(said)
  const selection = selectionOf(flags, whose.topic)
  const environment = await connect(needsOf(whose), 'dlq', flags)
  try {
    const reEntry = await open(whose, environment, flags)
    try {
      await run({ whose, selection, environment, reEntry, flags })
    } finally {
      await reEntry.close()
    }
  } finally {
    await environment.close()
  }
}

interface Redriving {
  readonly whose: LettersOf
  readonly selection: Selection
  readonly environment: Connected<Variable>
  readonly reEntry: ReEntry
  readonly flags: Flags
}

async function run({ whose, selection, environment, reEntry, flags }: Redriving): Promise<void> {
  const { topic } = whose
  const { limit, again = false, json = false, dryRun = false } = flags
  const stopping = new AbortController()
  const options: RedriveOptions = {
    ...{ broker: environment.broker, topic, reEntry, selection, limit, again, rate: flags.rate },
    signal: stopping.signal,
  }
  if (!dryRun) await new Ledger(environment.broker).require()
  const plan = await planRedrive(options)
  requireSelected(plan, selection)
  if (!json) process.stdout.write(planText(plan))
  const goes = !dryRun && plan.due > 0 && (await confirm(`redrive ${plan.due}`, flags.yes ?? false))
  if (goes) onShutdown(() => stopping.abort())
  const progress = redriveProgress(process.stderr, plan.due)
  const outcome = goes
    ? await redrive({ ...options, onProgress: progress.at }).finally(progress.stop)
    : undefined
  if (json) print({ dryRun, ...plan, ...outcome })
  else process.stdout.write(redrivenText(plan, outcome, dryRun))
  process.exitCode = exitCodeOf(outcome, Object.keys(plan.left).length > 0)
}

function exitCodeOf(outcome: Redriven | undefined, left: boolean): number {
  if (outcome !== undefined && outcome.failed.length > 0) return 1
  if (left) return 3
  return outcome !== undefined && outcome.refused > 0 ? DIFFERENT : 0
}

function needsOf(whose: LettersOf): Variable[] {
  if (whose.kind === 'topology') return variablesOf([whose.topology])
  if (whose.kind === 'capture') return ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL']
  const cure = 'give the file of the topology whose dead letters they are'
  throw new MillraceError('CONFIG', `what wrote topic ${whose.topic} is not known: ${cure}`)
}

async function open(whose: LettersOf, environment: Connected<Variable>, flags: Flags): Promise<ReEntry> {
  if (whose.kind !== 'topology') {
    return CaptureReEntry.open(environment, environment.settings.DATABASE_URL)
  }
  const topology = withGuarantee(whose.topology, flags.guarantee ?? whose.topology.guarantee)
  const clockOf = flags.applicationId ?? topology.name
  const { runsAs: application, generation } = await deployedAs(environment.broker, clockOf)
  await requireResources(resourcesOf(topology, application, environment, clockOf))
  const acceptRepeats = flags.acceptRepeats ?? false
  return TopologyReEntry.open({
    ...{ topology, application, clockOf, generation, environment, acceptRepeats },
  })
}

function selectionOf({ all, group, letter }: Flags, topic: string): Selection {
  const said: Selection[] = []
  if (all) said.push({ how: 'all' })
  if (group !== undefined) said.push({ how: 'group', fingerprint: requireFingerprint(group) })
  if (letter !== undefined) said.push({ how: 'letter', ...requirePlace(letter, topic) })
  if (said.length === 1) return said[0]!
  throw new MillraceError('CONFIG', 'say which letters: one of --all, --group and --letter')
}

function perSecond(text: string): number {
  try {
    return rate(text)
  } catch (error) {
    throw new InvalidArgumentError(`${messageOf(error)}.`)
  }
}
