import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from '../../lib/broker/broker.ts'
import { SILENT } from '../../lib/log.ts'
import { endsOf, reached } from '../../lib/runtime/caught-up.ts'
import type { CountsByStep } from '../../lib/runtime/counters.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import { millrace } from '../../spec/support/millrace.ts'
import { PARTITIONS } from '../race/contestant.ts'

const TOPOLOGY = 'bench/w2/topology.ts'

export interface Ran {
  readonly seconds: number
  /** How many records were dropped as late. */
  readonly late: number
}

interface Wanted {
  readonly brokers: readonly string[]
  readonly application: string
  readonly input: string
}

/** `millrace run --threads 2`, from nothing: no state, no positions, no topics of its own but empty ones. */
export async function runThreads({ brokers, application, input }: Wanted): Promise<Ran> {
  return withFolder(async (folder) => {
    const env = { ...variables({ brokers, application, input }), MILLRACE_STATE_DIR: folder }
    await millrace(['apply', TOPOLOGY], env)
    const begun = performance.now()
    const said = await millrace(['run', '--threads', '2', '--until-caught-up', '--json', TOPOLOGY], env)
    const counts: Record<string, CountsByStep> = JSON.parse(said)
    return { seconds: since(begun), late: lateIn(counts[application]!) }
  })
}

/** Two members of the group that read one partition wholly before they read the others. */
export async function runOneFirst(broker: Broker, { brokers, application, input }: Wanted): Promise<Ran> {
  return withFolder(async (folder) => {
    const env = variables({ brokers, application, input })
    await millrace(['apply', TOPOLOGY], env)
    Object.assign(process.env, env)
    const { default: topology } = await import(`./topology.ts?${application}`)
    const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
    const begun = performance.now()
    const options = { topology, environment, stateDir: folder, untilCaughtUp: true }
    const workers = await Promise.all([startWorker(options), startWorker(options)])
    const others = Array.from({ length: PARTITIONS - 1 }, (_, i) => ({ topic: input, partition: i + 1 }))
    for (const worker of workers) worker.pause(others)
    const ends = await endsOf(broker.admin, [input])
    const first = new Map([...ends].filter(([name]) => name === `${input}/0`))
    await reached(broker.admin, application, first, new AbortController().signal)
    // Long enough for whoever would think that the others have nothing.
    await delay(3_000)
    const ahead = await broker.admin.committed(application, [input])
    const read = ahead.filter(({ partition, offset }) => partition !== 0 && offset > 0)
    if (read.length > 0) throw new Error('the other partitions were not to be read yet')
    for (const worker of workers) worker.resume()
    await Promise.all(workers.map(({ done }) => done))
    const late = workers.reduce((sum, { counters }) => sum + lateIn(counters.snapshot()), 0)
    return { seconds: since(begun), late }
  })
}

function variables({ brokers, application, input }: Wanted): Record<string, string> {
  return {
    KAFKA_BROKERS: brokers.join(','),
    BENCH_APPLICATION: application,
    BENCH_INPUT: input,
    BENCH_OUTPUT: countsOf(application),
  }
}

/** The topic that its counts go to. */
export function countsOf(application: string): string {
  return `${application}-counts`
}

function lateIn(counts: CountsByStep): number {
  return Object.values(counts).reduce((sum, byWhat) => sum + (byWhat.late ?? 0), 0)
}

function since(begun: number): number {
  return Math.round((performance.now() - begun) / 100) / 10
}

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-w2-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
