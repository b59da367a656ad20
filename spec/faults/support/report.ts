import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** Names the file into which rows write what they have found, a JSON line each. */
export const reportVariable = 'MILLRACE_FAULTS_REPORT'

/** What a row of the fault matrix has found. A row with several faults reports each. */
export interface Finding {
  /** As in spec/faults/README.md. */
  readonly row: number
  readonly fault: string
  readonly records: number
  /** How often something was killed, stopped or cut off while it had work in flight. */
  readonly kills: number
  readonly lost: number
  /** Seen more often than once, where the promise is at least once; where it is exactly once, this is 0. */
  readonly duplicated: number
  /** From the end of the fault until work goes on, the longest; null where nothing has to recover. */
  readonly recoverySeconds: number | null
  /** Of our own processes, the largest, in bytes; null where none was measured. */
  readonly peakMemory: number | null
}

/** Says what a row has found, and keeps it for the report of `npm run test:faults`. */
export function report(finding: Finding): void {
  const { fault, records, kills, lost, duplicated, recoverySeconds, peakMemory } = finding
  const recovery = recoverySeconds === null ? '' : `, back within ${recoverySeconds.toFixed(1)} s`
  const memory = peakMemory === null ? '' : `, at most ${(peakMemory / 2 ** 20).toFixed(0)} MiB`
  console.log(
    `      ${fault}: ${records} records, ${kills} kills, ${lost} lost, ${duplicated} duplicated${recovery}${memory}`,
  )
  const file = process.env[reportVariable]
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(finding)}\n`)
}

export function readFindings(file: string): Finding[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}
