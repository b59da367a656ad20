import { Command, InvalidArgumentError } from 'commander'
import { deployedAs } from '../deployed/application.ts'
import { requireNoOrder } from '../deployed/orders.ts'
import { MillraceError } from '../errors.ts'
import { executeReset, planReset, type ResetPlan } from '../runtime/reset/reset.ts'
import type { InputReset, ResetTo } from '../runtime/reset/reset-positions.ts'
import { milliseconds, time, wholeNumber } from './options.ts'
import { print } from './outcome.ts'
import { connect, type ServerFlags, withServers } from './servers/connect.ts'
import { stateDirectory } from './state-directory.ts'
import { loadTopology, variablesOf } from './topology-file.ts'

interface Flags extends ServerFlags {
  readonly applicationId?: string
  readonly toEarliest?: boolean
  readonly toLatest?: boolean
  readonly toOffset?: number
  readonly toDatetime?: Date
  readonly byDuration?: number
  readonly shiftBy?: number
  readonly sinks?: boolean
  readonly execute?: boolean
  readonly json?: boolean
}

export function resetCommand(): Command {
  return withServers(new Command('reset'))
    .description(
      'have an application begin anew: positions of its inputs, local state, changelogs and repartition topics; says what it would do, and does it with --execute',
    )
    .argument('<file>', 'topology file')
    .option('--application-id <id>', 'consumer group (default: the topology name)')
    .option('--to-earliest', 'read inputs from their beginning (default); tables always are')
    .option('--to-latest', 'read inputs from their ends')
    .option('--to-offset <n>', 'from this offset', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--to-datetime <time>', 'from the first record of this time or later', time)
    .option('--by-duration <duration>', 'from the first record of the last so long, e.g. 12h', milliseconds)
    .option('--shift-by <n>', 'from so many records after where it is, or before: -100', anyNumber)
    .option('--sinks', 'also empty the tables that it writes: every row, whoever has written it')
    .option('--execute', 'do it')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nRefused (exit code 3) while an instance runs. Can be killed at any point, and run again.',
    )
    .action(reset)
}

async function reset(file: string, flags: Flags): Promise<void> {
  const to = resetTo(flags)
  const topology = await loadTopology(file)
  const environment = await connect(variablesOf([topology]), 'reset', flags)
  try {
    const application = flags.applicationId ?? topology.name
    await requireNoOrder(environment.broker, application)
    const { runsAs } = await deployedAs(environment.broker, application)
    const options = {
      topology,
      application: runsAs,
      environment,
      stateDir: stateDirectory(process.env),
      to,
      sinks: flags.sinks ?? false,
    }
    const plan = await planReset(options)
    if (!flags.json) process.stdout.write(textOf(plan, flags.execute ?? false))
    if (flags.execute) await executeReset(plan, options)
    if (flags.json) print({ executed: flags.execute ?? false, ...plan })
    else process.stdout.write(`${ending(file, flags.execute ?? false)}\n`)
  } finally {
    await environment.close()
  }
}

function resetTo(flags: Flags): ResetTo {
  const { toEarliest, toLatest, toOffset, toDatetime, byDuration, shiftBy } = flags
  const said: ResetTo[] = []
  if (toEarliest) said.push({ how: 'earliest' })
  if (toLatest) said.push({ how: 'latest' })
  if (toOffset !== undefined) said.push({ how: 'offset', offset: toOffset })
  if (toDatetime !== undefined) said.push({ how: 'time', timestamp: toDatetime.getTime() })
  if (byDuration !== undefined) said.push({ how: 'time', timestamp: Date.now() - byDuration })
  if (shiftBy !== undefined) said.push({ how: 'shift', by: shiftBy })
  if (said.length > 1)
    throw new MillraceError('CONFIG', 'say once where to begin: one of --to-…, --by-duration and --shift-by')
  return said[0] ?? { how: 'earliest' }
}

function textOf(plan: ResetPlan, execute: boolean): string {
  const verb = (doing: string, would: string) => (execute ? doing : `would ${would}`)
  const lines = [
    ...plan.inputs.map((input) => `${verb('setting', 'set')} ${positionText(input)}`),
    ...plan.state.map((task) => `${verb('removing', 'remove')} the local state of task ${task}`),
    ...plan.topics.map((topic) => `${verb('deleting', 'delete')} topic ${topic}`),
    ...plan.tables.map((table) => `${verb('emptying', 'empty')} ${table}: every row`),
    ...plan.kept.map((kept) => `leaves ${kept} as it is`),
  ]
  return `application ${plan.application}\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function positionText({ topic, partition, from, offset }: InputReset): string {
  return `the position in ${topic}/${partition} from ${from ?? 'none'} to ${offset}`
}

function ending(file: string, executed: boolean): string {
  return executed
    ? `done; \`millrace apply ${file}\` makes the topics anew before the next run`
    : 'nothing has been changed; --execute does it'
}

function anyNumber(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('a whole number is needed.')
}
