import { SingleBar } from 'cli-progress'
import type { ReplayPlan } from '../../replay/plan-replay.ts'
import type { Progress } from '../../replay/progress.ts'
import type { CountsByStep } from '../../runtime/counters.ts'
import type { Topology } from '../../topology/nodes.ts'
import { table } from '../outcome.ts'

/** What would be read, or is about to be. */
export function planText(
  { name, application, record, resumes, widened }: ReplayPlan,
  perSecond: number | undefined,
): string {
  const total = record.ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  const left = total - (resumes?.done ?? 0)
  const rows = record.ranges.map(({ topic, partition, from, to }) => [
    topic,
    String(partition),
    from,
    to,
    to - from,
  ])
  return [
    `replay ${name}, as group ${application}`,
    ...(resumes === undefined
      ? []
      : [`resuming: ${numberOf(resumes.done)} of ${numberOf(resumes.total)} records are done`]),
    ...(widened === undefined
      ? []
      : [
          `widened by ${widened.before / 1000} s before and ${widened.after / 1000} s after, so that windows are whole; those outside the range are not written`,
        ]),
    table(['topic', 'partition', 'from', 'to', 'records'], rows as never),
    `${numberOf(left)} records to read, ${perSecond === undefined ? 'for how long is not known before the first replay' : `about ${lasting(left / perSecond)} at ${numberOf(Math.round(perSecond))}/s`}`,
    '',
  ].join('\n')
}

const LINE_EVERY_MS = 2000

/** A bar on a terminal, a line every two seconds elsewhere. */
export function replayProgress(stream: NodeJS.WriteStream, begin: Progress) {
  const pace = new Pace(begin.done)
  if (stream.isTTY) return barOf(stream, begin, pace)
  let told = performance.now()
  const at = ({ done, total }: Progress) => {
    pace.at(done)
    if (performance.now() - told < LINE_EVERY_MS) return
    told = performance.now()
    if (done === total) return void stream.write('replay: all is read; finishing what follows from it\n')
    const { perSecond } = pace
    const left = perSecond === 0 ? 'unknown' : lasting((total - done) / perSecond)
    stream.write(
      `replay: ${numberOf(done)} of ${numberOf(total)} records, ${numberOf(Math.round(perSecond))}/s, ${left} left\n`,
    )
  }
  return { at, stop: () => {} }
}

function barOf(stream: NodeJS.WriteStream, { done, total }: Progress, pace: Pace) {
  const format = 'replay {bar} {value}/{total} records, {rate}/s, {left} left'
  const bar = new SingleBar({ stream, format, hideCursor: true })
  bar.start(total, done, { rate: '–', left: '–' })
  return {
    at: ({ done, total }: Progress) => {
      pace.at(done)
      const { perSecond } = pace
      const left = perSecond === 0 ? '–' : lasting((total - done) / perSecond)
      bar.update(done, { rate: numberOf(Math.round(perSecond)), left })
    },
    stop: () => bar.stop(),
  }
}

/** How fast it has been since the first record was done: what came before was the start. */
class Pace {
  readonly #done: number
  #begun: { readonly at: number; readonly done: number } | undefined
  #last = { at: 0, done: 0 }

  constructor(done: number) {
    this.#done = done
  }

  at(done: number): void {
    if (done <= this.#done) return
    this.#last = { at: performance.now(), done }
    this.#begun ??= this.#last
  }

  /** Records; 0 where it is not known yet. */
  get perSecond(): number {
    const seconds = (this.#last.at - (this.#begun?.at ?? 0)) / 1000
    return this.#begun === undefined || seconds <= 0 ? 0 : (this.#last.done - this.#begun.done) / seconds
  }
}

export interface ReplayReport {
  readonly name: string
  readonly application: string
  readonly state: 'done' | 'stopped'
  /** That this process has done, of those that it was to do. */
  readonly records: number
  readonly of: number
  readonly seconds: number
  readonly recordsPerSecond: number
  readonly peakMemoryBytes: number
  /** By topic. */
  readonly read: Readonly<Record<string, number>>
  /** By topic or table, dead letters too. */
  readonly written: Readonly<Record<string, number>>
}

/** What was read and written, where. */
export function flowOf(
  { nodes, deadLetters }: Topology,
  counts: CountsByStep,
): Pick<ReplayReport, 'read' | 'written'> {
  const [read, written]: Record<string, number>[] = [{}, {}]
  const add = (to: Record<string, number>, name: string, step: string, what: string) => {
    to[name] = (to[name] ?? 0) + (counts[step]?.[what] ?? 0)
  }
  for (const node of nodes) {
    if ('topic' in node) add(read!, node.topic.name, node.name, 'records')
    else if (node.kind === 'sink') add(written!, node.target.name, node.name, 'written')
  }
  add(written!, deadLetters.topic, 'dead-letters', 'written')
  return { read: read!, written: written! }
}

export function reportText(report: ReplayReport): string {
  const { name, state, records, of, seconds, recordsPerSecond, peakMemoryBytes } = report
  const what =
    state === 'done' ? `${numberOf(records)} records` : `${numberOf(records)} of ${numberOf(of)} records`
  const pace = `in ${seconds.toFixed(1)} s, ${numberOf(recordsPerSecond)}/s, peak memory ${Math.round(peakMemoryBytes / 2 ** 20)} MiB`
  const rows = [
    ...Object.entries(report.read).map(([hop, count]) => ['read', hop, count] as const),
    ...Object.entries(report.written).map(([hop, count]) => ['written', hop, count] as const),
  ]
  return [
    `replay ${name} ${state}: ${what} ${pace}`,
    table(['', 'topic or table', 'records'], rows),
    ...(state === 'stopped' ? ['the same command goes on from here'] : []),
    '',
  ].join('\n')
}

function numberOf(value: number): string {
  return value.toLocaleString('en-US')
}

function lasting(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
