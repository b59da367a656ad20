import { setTimeout as delay } from 'node:timers/promises'
import { rates } from './rates.ts'
import { leave, paint } from './terminal-block.ts'

/** A hop's name and what has gone through it since the start. */
export type HopCounts = ReadonlyArray<readonly [hop: string, count: number]>

export interface Shown {
  readonly hops: HopCounts
  /** What goes on, in a few words. */
  readonly status: string
}

const REPAINT_EVERY = 500
const LINE_EVERY = 5000

/**
 * Shows the hops until `signal` aborts: repainted in place on a terminal; elsewhere a plain line when something has
 * changed, at most every five seconds.
 */
export async function showHops(
  stream: NodeJS.WriteStream,
  read: () => Shown,
  signal: AbortSignal,
): Promise<void> {
  const show = stream.isTTY ? painter(stream) : liner(stream)
  while (!signal.aborted) {
    show(read())
    await delay(stream.isTTY ? REPAINT_EVERY : LINE_EVERY, undefined, { signal }).catch(() => {})
  }
  show(read())
  leave()
}

function painter(stream: NodeJS.WriteStream): (shown: Shown) => void {
  const ratesOf = rates()
  return ({ hops, status }) => {
    const perSecond = ratesOf(hops, Date.now())
    const width = Math.max(...hops.map(([hop]) => hop.length))
    const row = (hop: string, count: string, rate: string) =>
      `  ${hop.padEnd(width)}  ${count.padStart(11)}  ${rate.padStart(8)}`.trimEnd()
    const rows = hops.map(([hop, count]) => row(hop, number(count), number(perSecond.get(hop) || undefined)))
    paint(stream, ['', row('hop', 'since start', '/ second'), ...rows, '', `  ${status}`])
  }
}

function number(value: number | undefined): string {
  return value === undefined ? '' : value.toLocaleString('en-US')
}

function liner(stream: NodeJS.WriteStream): (shown: Shown) => void {
  let last = ''
  return ({ hops }) => {
    const line = hops.map(([hop, count]) => `${hop} ${count}`).join(' → ')
    if (line !== last) stream.write(`${line}\n`)
    last = line
  }
}
