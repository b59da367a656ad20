import { fileURLToPath } from 'node:url'
import { millrace as ended } from '../../spec/support/millrace.ts'
import { type Contestant, type Run, threadsOf } from '../race/contestant.ts'

export interface MillraceOptions {
  readonly guarantee: 'at-least-once' | 'exactly-once'
  readonly threads: number
  /** Runs until it is told to end. Default: until it has caught up. */
  readonly live?: boolean
  /** Takes application, input and output from `BENCH_APPLICATION`, `BENCH_INPUT` and `BENCH_OUTPUT`. */
  readonly topology: string
  readonly env?: Readonly<Record<string, string>>
  /** Of the name, beside guarantee and threads. */
  readonly note?: string
  /** What is in its folder instead. */
  readonly embedded?: readonly ('registry' | 'kafka')[]
  /** Done once before it is started, before `apply`. */
  readonly prepare?: (run: Run) => Promise<void>
  /** For `run`, beside those that follow from the rest. */
  readonly flags?: readonly string[]
}

const BIN = fileURLToPath(new URL('../../lib/cli/bin.ts', import.meta.url))

/** `millrace run`, as a user runs it: checks, dead letters and metrics are on. */
export function millrace({
  guarantee,
  threads,
  topology,
  live = false,
  env = {},
  note,
  flags = [],
  embedded = [],
  prepare,
}: MillraceOptions): Contestant {
  const standIns = embedded.length === 0 ? [] : ['--embedded', ...embedded]
  return {
    name: ['millrace', guarantee, threadsOf(threads), note].filter(Boolean).join(', '),
    before: async (run) => {
      await prepare?.(run)
      await ended(['apply', topology, ...standIns], { ...variablesOf(run), ...env })
    },
    command: (run) => ({
      argv: [
        ...[process.execPath, BIN, 'run', ...(live ? [] : ['--until-caught-up']), '--port', '0'],
        ...['--guarantee', guarantee, '--threads', String(threads), ...flags, topology, ...standIns],
      ] as [string, ...string[]],
      env: { ...variablesOf(run), ...env },
    }),
  }
}

function variablesOf({
  brokers,
  input,
  output,
  application,
  partitions,
  folder,
  env,
}: Run): Record<string, string> {
  return {
    ...(brokers.length > 0 && { KAFKA_BROKERS: brokers.join(',') }),
    MILLRACE_STATE_DIR: folder,
    BENCH_APPLICATION: application,
    BENCH_INPUT: input,
    BENCH_OUTPUT: output,
    BENCH_PARTITIONS: String(partitions),
    ...env,
  }
}
