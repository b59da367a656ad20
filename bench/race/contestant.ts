/** Of input and output, where nothing else is said. */
export const PARTITIONS = Number(process.env.BENCH_PARTITIONS ?? 4)

/** What a contestant is started with: the same input for all, an output topic of its own. */
export interface Run {
  readonly brokers: readonly string[]
  readonly input: string
  readonly output: string
  /** In `input`: it ends when it has processed these. */
  readonly records: number
  /** Group, transactional ids, internal topics. */
  readonly application: string
  /** Of input and output. */
  readonly partitions: number
  /** For its state, removed behind it. */
  readonly folder: string
  /** What it is told beside that. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Command {
  readonly argv: readonly [file: string, ...args: string[]]
  readonly env: Readonly<Record<string, string>>
}

/** One program that does the work of a workload, started anew for every run, in a process of its own. */
export interface Contestant {
  /** As in `goals.json`: the program, its guarantee, its threads. */
  readonly name: string
  /** Builds or installs it; once, before the first run. */
  ready?(): Promise<void>
  /** What a user does once before it is started: not measured. */
  before?(run: Run): Promise<void>
  /** It ends by itself, with 0, when all is processed and written. */
  command(run: Run): Command
}

export function threadsOf(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`
}
