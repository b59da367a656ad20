import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../../topologies/ingest-schedule.ts'

/** Virtual seconds a second: a day in 36 s. */
const FACTOR = 2400
/** How soon a process sees that time goes on. */
const LOOK_EVERY_MS = 20

/** Virtual time that runs fast from `epoch` (in ms since 1970, as the others are) up to `to`. */
interface Stretch {
  readonly from: number
  readonly to: number
  readonly epoch: number
}

/**
 * A time that several processes see alike, in a file. It runs fast as far as the spec lets it, so that no process is
 * late, and then at the pace of ours, so that pauses end.
 */
export class VirtualTime {
  readonly file: string

  constructor(file: string, begin: number) {
    this.file = file
    this.#store({ from: begin, to: begin, epoch: Date.now() })
  }

  get now(): number {
    return timeIn(this.file)
  }

  /** Lets it run fast until then. */
  runTo(to: number): void {
    this.#store({ from: this.now, to, epoch: Date.now() })
  }

  /** By renaming: whoever reads meanwhile sees the one or the other. */
  #store(stretch: Stretch): void {
    writeFileSync(`${this.file}.new`, JSON.stringify(stretch))
    renameSync(`${this.file}.new`, this.file)
  }
}

export function fastClock(file: string): Clock {
  const until = async (time: Date, signal: AbortSignal) => {
    for (;;) {
      const left = time.getTime() - timeIn(file)
      if (left <= 0 || signal.aborted) return
      await delay(Math.min(Math.max(1, left / FACTOR), LOOK_EVERY_MS), undefined, { signal }).catch(() => {})
    }
  }
  return { now: () => new Date(timeIn(file)), until }
}

function timeIn(file: string): number {
  const { from, to, epoch }: Stretch = JSON.parse(readFileSync(file, 'utf8'))
  const fast = (to - from) / FACTOR
  const elapsed = Math.max(0, Date.now() - epoch)
  return elapsed < fast ? from + elapsed * FACTOR : to + elapsed - fast
}
