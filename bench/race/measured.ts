import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from './contestant.ts'
import { openMeter } from './meter.ts'
import { cpuSecondsOf, cpuSecondsOfAll } from './proc.ts'

/** What one process and all that it started took. */
export interface Measured {
  /** When it was started, in milliseconds. */
  readonly begun: number
  readonly 'wall s': number
  readonly 'cpu s': number
  /** Of the broker, meanwhile; not there for one that is not the bench's own. */
  readonly 'broker cpu s'?: number
  /** Of everything else on the machine: a run is quiet where this is near nothing. */
  readonly 'other cpu s': number
  readonly 'peak MiB': number
  /** Of one minute. */
  readonly 'load before': number
  readonly 'load after': number
}

const LOOK_MS = 100
const LAST_WORDS = 2_000
const MOST_MS = 15 * 60_000
let number = 0

/**
 * @param broker its process.
 * @param work what is done meanwhile with one that does not end by itself: behind it, it is told to.
 * @throws with the last that it said for one that does not end with 0, or by that.
 */
export async function measured(
  { argv, env }: Command,
  broker: number | undefined,
  work?: () => Promise<void>,
): Promise<Measured> {
  const meter = openMeter(`millrace-bench-${process.pid}-${number++}`)
  const [before, ofBroker, ofAll] = [loadavg()[0]!, brokerSeconds(broker), cpuSecondsOfAll()]
  const begun = Date.now()
  const [file, ...rest] = meter.within(argv)
  const child = spawn(file!, rest, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const tooLong = setTimeout(kill, MOST_MS)
  let [said, peak] = ['', 0]
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-LAST_WORDS)
    })
  }
  const look = setInterval(() => {
    peak = Math.max(peak, meter.residentBytes(child.pid!))
  }, LOOK_MS)
  const closed = once(child, 'close')
  try {
    if (work !== undefined) {
      await Promise.race([work(), closed])
      child.kill('SIGTERM')
    }
    const [code, signal] = await closed
    if (code !== 0 && !(work !== undefined && isTerminated(code, signal)))
      throw new Error(`${argv.join(' ')} ended with ${code ?? signal}:\n${said}`)
    const cpu = meter.cpuSeconds()
    const brokers = brokerSeconds(broker) - ofBroker
    return {
      begun,
      'wall s': rounded((Date.now() - begun) / 1000),
      'cpu s': rounded(cpu),
      ...(broker !== undefined && { 'broker cpu s': rounded(brokers) }),
      'other cpu s': rounded(Math.max(0, cpuSecondsOfAll() - ofAll - cpu - brokers)),
      'peak MiB': Math.round(peak / 2 ** 20),
      'load before': rounded(before),
      'load after': rounded(loadavg()[0]!),
    }
  } finally {
    clearInterval(look)
    clearTimeout(tooLong)
    // Where the work has failed it is still there.
    kill()
    await closed
    process.off('exit', kill)
    meter.close()
  }
}

export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The JVM says so by its exit code. */
function isTerminated(code: number | null, signal: NodeJS.Signals | null): boolean {
  return signal === 'SIGTERM' || code === 128 + constants.signals.SIGTERM
}

function brokerSeconds(broker: number | undefined): number {
  return broker === undefined ? 0 : cpuSecondsOf(broker)
}

function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100
}
