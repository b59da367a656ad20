import { SingleBar } from 'cli-progress'
import type { RedrivePlan } from '../../dead-letters/plan-redrive.ts'
import type { Redriven } from '../../dead-letters/redrive-run.ts'

/** What would be done, or is about to be. */
export function planText({ topic, selected, due, ways, done, left }: RedrivePlan): string {
  const lines = [
    `${topic}: ${selected} of its letters are meant, ${due} of them to be redriven`,
    ...linesOf(ways, ''),
    ...linesOf(done, 'done: '),
    ...linesOf(left, 'left: '),
  ]
  return `${lines.join('\n')}\n`
}

function linesOf(counts: Readonly<Record<string, number>>, what: string): string[] {
  return Object.entries(counts).map(([why, count]) => `  ${String(count).padStart(6)} ${what}${why}`)
}

/** How it ended. */
export function redrivenText({ due }: RedrivePlan, outcome: Redriven | undefined, dryRun: boolean): string {
  if (outcome === undefined)
    return dryRun && due > 0 ? 'nothing has been changed\n' : 'nothing was redriven\n'
  const { redriven, refused, failed } = outcome
  const rest = due - redriven - failed.length
  return [
    `${redriven} redriven${refused > 0 ? `, of which ${refused} are dead letters again` : ''}`,
    ...(rest > 0 ? [`${rest} are still to be redriven: run it again`] : []),
    ...failed.map(({ letter, why }) => `letter ${letter} can't be: ${why}`),
    '',
  ].join('\n')
}

const LINE_EVERY_MS = 2000

/** A bar on a terminal, a line every two seconds elsewhere. */
export function redriveProgress(stream: NodeJS.WriteStream, total: number) {
  if (stream.isTTY) return barOf(stream, total)
  let told = performance.now()
  const at = (done: number) => {
    if (performance.now() - told < LINE_EVERY_MS) return
    told = performance.now()
    stream.write(`redrive: ${done} of ${total} letters\n`)
  }
  return { at, stop: () => {} }
}

function barOf(stream: NodeJS.WriteStream, total: number) {
  const format = 'redrive {bar} {value}/{total} letters, {eta_formatted} left'
  let bar: SingleBar | undefined
  const at = (done: number) => {
    if (bar === undefined) {
      bar = new SingleBar({ stream, format, hideCursor: true })
      bar.start(total, 0)
    }
    bar.update(done)
  }
  return { at, stop: () => bar?.stop() }
}
