/**
 * What the processes of the embedded log's fault spec have seen, in one file that all append to: its order is the order
 * of events. A kill -9 may tear a process's last line; every line begins with its own line break for that.
 */
import { openSync, readFileSync, writeSync } from 'node:fs'

export type Line =
  /** The producer has been told that everything up to here is written. */
  | { readonly kind: 'acknowledged'; readonly to: number }
  | { readonly kind: 'assigned'; readonly life: string; readonly partition: number; readonly offset: number }
  /** The numbers in the records of a batch, which begins at this offset. */
  | {
      readonly kind: 'batch'
      readonly life: string
      readonly partition: number
      readonly offsets: readonly number[]
      readonly numbers: readonly number[]
    }
  | { readonly kind: 'committed'; readonly partition: number; readonly offset: number }

export function journal(path: string): (line: Line) => void {
  const file = openSync(path, 'a')
  return (line) => {
    writeSync(file, `\n${JSON.stringify(line)}`)
  }
}

export function readJournal(path: string): { lines: Line[]; torn: number } {
  const lines: Line[] = []
  let torn = 0
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue
    try {
      lines.push(JSON.parse(text))
    } catch {
      torn++
    }
  }
  return { lines, torn }
}
