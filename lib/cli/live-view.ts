import { setTimeout as delay } from 'node:timers/promises'

/** A hop's name and what has gone through it since the start. */
export type HopCounts = ReadonlyArray<readonly [hop: string, count: number]>

const REPAINT_EVERY = 500
const LINE_EVERY = 5000

/**
 * Shows the hops until `signal` aborts: repainted in place on a terminal; elsewhere a plain line when something has
 * changed, at most every five seconds.
 */
export async function showHops(
  stream: NodeJS.WriteStream,
  read: () => HopCounts,
  signal: AbortSignal,
): Promise<void> {
  const show = stream.isTTY ? painter(stream) : liner(stream)
  while (!signal.aborted) {
    show(read())
    await delay(stream.isTTY ? REPAINT_EVERY : LINE_EVERY, undefined, { signal }).catch(() => {})
  }
  show(read())
}

function painter(stream: NodeJS.WriteStream): (counts: HopCounts) => void {
  let painted = 0
  return (counts) => {
    if (painted > 0) stream.moveCursor(0, -painted)
    const width = Math.max(...counts.map(([hop]) => hop.length))
    for (const [hop, count] of counts) {
      stream.clearLine(0)
      stream.write(`  ${hop.padEnd(width)}  ${count.toLocaleString('en-US').padStart(12)}\n`)
    }
    painted = counts.length
  }
}

function liner(stream: NodeJS.WriteStream): (counts: HopCounts) => void {
  let last = ''
  return (counts) => {
    const line = counts.map(([hop, count]) => `${hop} ${count}`).join(' → ')
    if (line !== last) stream.write(`${line}\n`)
    last = line
  }
}
