import { appendFileSync, readFileSync } from 'node:fs'

/** `killed` is written by who kills, just before. */
type What = 'claimed' | 'released' | 'leading' | 'resigned' | 'killed'

interface Mark {
  readonly pid: number
  readonly what: What
  /** What was claimed. */
  readonly name: string
  /** Microseconds by a clock that all processes of a machine share. */
  readonly at: number
}

/** The time in which a process certainly had something. */
export interface Span {
  readonly pid: number
  readonly name: string
  readonly from: number
  /** Infinity while it lasts. */
  readonly to: number
}

/** A file in which several processes note what they have, in lines that a kill -9 can't tear. */
export class Journal {
  readonly file: string

  constructor(file: string) {
    this.file = file
  }

  note(what: What, name = '', pid = process.pid): void {
    const mark: Mark = { pid, what, name, at: Number(process.hrtime.bigint() / 1000n) }
    appendFileSync(this.file, `${JSON.stringify(mark)}\n`)
  }

  /**
   * From each `begin` to its `end`, or to when somebody set out to kill the process: it may have lived on for a
   * moment, and begun something in it.
   */
  spans(begin: What, end: What): Span[] {
    const marks = this.#read()
    const timeOf = (found: Mark | undefined) => found?.at ?? Number.POSITIVE_INFINITY
    return marks.flatMap(({ pid, what, name, at: from }, place) => {
      if (what !== begin) return []
      const killed = timeOf(marks.find((mark) => mark.pid === pid && mark.what === 'killed'))
      const ended = timeOf(
        marks.slice(place).find((mark) => mark.pid === pid && mark.what === end && mark.name === name),
      )
      return [{ pid, name, from, to: Math.max(from, Math.min(killed, ended)) }]
    })
  }

  #read(): Mark[] {
    // Behind the last line break, a line may be on its way.
    const lines = readFileSync(this.file, 'utf8').split('\n').slice(0, -1)
    return lines.map((line): Mark => JSON.parse(line)).sort((a, b) => a.at - b.at)
  }
}

/** Pairs of spans of one name that lay over each other. */
export function overlaps(spans: readonly Span[]): Array<readonly [Span, Span]> {
  const found: Array<readonly [Span, Span]> = []
  for (const group of Map.groupBy(spans, ({ name }) => name).values()) {
    const sorted = group.toSorted((a, b) => a.from - b.from)
    sorted.forEach((span, place) => {
      const next = sorted[place + 1]
      if (next !== undefined && next.from < span.to) found.push([span, next])
    })
  }
  return found
}
