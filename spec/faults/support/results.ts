import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finding } from './report.ts'
import { faultRows, type Row } from './rows.ts'

const directory = fileURLToPath(new URL('../../../bench/results', import.meta.url))

/** How the specs of a row ended, and what it found. */
export interface RowResult {
  readonly row: number
  readonly passed: number
  readonly failed: number
  readonly seconds: number
  readonly at: string
  readonly machine: string
  readonly findings: readonly Finding[]
}

const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`
export const machine = `${cpus().length} x ${cpus()[0]?.model}, ${memory}, node ${process.version}`

/** Replaces what was known of this row, in faults.json and faults.md. */
export function keepResult(result: RowResult, into = directory): void {
  const file = join(into, 'faults.json')
  mkdirSync(dirname(file), { recursive: true })
  const known: RowResult[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
  const results = [...known.filter(({ row }) => row !== result.row), result].sort((a, b) => a.row - b.row)
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(join(into, 'faults.md'), pageOf(results, faultRows()))
}

/** The report as a page. */
export function pageOf(results: readonly RowResult[], rows: readonly Row[]): string {
  const lines = rows.flatMap(({ row, fault }) => {
    const result = results.find((one) => one.row === row)
    return result === undefined ? [`| ${row} | ${fault} | not run | | | | | | | |`] : linesOf(fault, result)
  })
  const machines = [...new Set(results.map((result) => result.machine))]
  const days = [...new Set(results.map(({ at }) => at.slice(0, 10)))].sort()
  return `# Fault matrix

Written by \`npm run test:faults\` (spec/faults/README.md says which spec shows what, and how). ${days.join(', ')}.
Machine: ${machines.join('; ')}.

Duplicates are what at-least-once allows; a row that promises none fails if there is one. Recovery: seconds from the end
of the fault until work went on. Memory: the most that any of our processes had, in MiB.

| row | fault | records | kills | lost | duplicated | recovery s | memory MiB | specs | at |
|---|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}
`
}

function linesOf(fault: string, { row, passed, failed, at, findings }: RowResult): string[] {
  const specs = failed === 0 ? `${passed} passed` : `${passed} passed, **${failed} failed**`
  const when = at.slice(0, 16).replace('T', ' ')
  if (findings.length === 0) return [`| ${row} | ${fault} | no report | | | | | | ${specs} | ${when} |`]
  return findings.map((found) => {
    const { records, kills, lost, duplicated, recoverySeconds, peakMemory } = found
    const recovery = recoverySeconds?.toFixed(1) ?? '–'
    const memory = peakMemory === null ? '–' : (peakMemory / 2 ** 20).toFixed(0)
    const figures = [records, kills, lost, duplicated, recovery, memory].join(' | ')
    return `| ${row} | ${found.fault} | ${figures} | ${specs} | ${when} |`
  })
}
