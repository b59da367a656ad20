import { TestScheduler } from 'rxjs/testing'
import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import type { Headers } from '../record.ts'
import type { TestDriver } from './test-driver.ts'

/** A record of a marble diagram: its frame says when. */
export interface Marble<K = unknown, V = unknown> {
  readonly key?: K | null
  readonly value: V | null
  /** Milliseconds; default: the time of its frame. */
  readonly timestamp?: number
  readonly headers?: Headers
}

export interface MarbleRecord {
  readonly frame: number
  readonly key: unknown
  readonly value: unknown
}

export interface MarbleOptions {
  /** How long one frame (a character) is. Default 1s. */
  readonly frame?: Duration
  /** The time of frame 0, in milliseconds. Default 0. */
  readonly start?: number
}

export interface Played {
  /** What the topology wrote to a topic, and in which frame: compare it with `marbles(diagram, values)`. */
  output(topic: string): MarbleRecord[]
}

/**
 * Plays marble diagrams (RxJS' syntax: `-` a frame, `a` a record, `(ab)` together, spaces for alignment) into topics:
 * frame by frame the records are piped in at the time of the frame, then the wall clock moves on by one.
 *
 * ```ts
 * const played = await play(driver, { in: 'a-b---c' }, { a: { key: 'k', value: 1 }, … }, { frame: '1s' })
 * expect(played.output('out')).to.deep.equal(marbles('------x', { x: { key: 'k', value: 2 } }))
 * ```
 */
export async function play(
  driver: TestDriver,
  diagrams: Readonly<Record<string, string>>,
  values: Readonly<Record<string, Marble>>,
  { frame = '1s', start = 0 }: MarbleOptions = {},
): Promise<Played> {
  const step = duration(frame)
  const inputs = Object.entries(diagrams).map(([topic, diagram]) => ({ topic, ...parsed(diagram) }))
  const frames = Math.max(...inputs.map(({ end }) => end))
  const written = new Map<string, MarbleRecord[]>()
  const collect = (at: number) => {
    for (const { topic, key, value } of driver.read()) {
      written.set(topic, [...(written.get(topic) ?? []), { frame: at, key, value }])
    }
  }
  for (let at = 0; at < frames; at++) {
    for (const { topic, marks } of inputs) {
      for (const { name } of marks.filter((mark) => mark.frame === at)) {
        await driver.pipe(topic, { timestamp: start + at * step, ...recordOf(name, values) })
      }
    }
    collect(at)
    await driver.advanceWallClock(step)
    // What the wall clock brings about, comes when the frame is over.
    collect(at + 1)
  }
  return { output: (topic) => written.get(topic) ?? [] }
}

/** The records of a diagram, in the form in which `Played#output` gives them. */
export function marbles(diagram: string, values: Readonly<Record<string, Marble>>): MarbleRecord[] {
  return parsed(diagram).marks.map(({ frame, name }) => {
    const { key = null, value } = recordOf(name, values)
    return { frame, key, value }
  })
}

interface Mark {
  readonly frame: number
  readonly name: string
}

function parsed(diagram: string): { readonly marks: Mark[]; readonly end: number } {
  const unit = TestScheduler.frameTimeFactor
  const messages = TestScheduler.parseMarbles(`${diagram}|`, undefined, undefined, false, true)
  const marks: Mark[] = []
  let end = 0
  for (const { frame, notification } of messages) {
    if (notification.kind === 'N') marks.push({ frame: frame / unit, name: String(notification.value) })
    else if (notification.kind === 'C') end = frame / unit
    else throw new MillraceError('CONFIG', `marble diagram "${diagram}": topics know no errors (#)`)
  }
  return { marks, end }
}

function recordOf(name: string, values: Readonly<Record<string, Marble>>): Marble {
  const value = values[name]
  if (value !== undefined) return value
  throw new MillraceError(
    'CONFIG',
    `marble "${name}" has no value: it must be one of ${Object.keys(values).join(', ')}`,
  )
}
