/**
 * `npm run test:faults [-- ROW…]`: the rows of the fault matrix in full size, on real servers, which it starts and
 * stops itself. Writes what they found to bench/results/faults.md and faults.json: a row that was not asked for keeps
 * what it had. Ends in `N passed, N failed`.
 */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Counts, ended } from '../support/counting-reporter.ts'
import { onServers, type RunSpecs } from '../support/on-servers.ts'
import { readFindings, reportVariable } from './support/report.ts'
import { keepResult, machine } from './support/results.ts'
import { faultsVariable } from './support/row-records.ts'
import { faultRows, type Row } from './support/rows.ts'

const wanted = process.argv.slice(2).map(Number)
const rows = faultRows()
const unknown = wanted.filter((number) => !rows.some(({ row }) => row === number))
const interruption = new AbortController()

if (unknown.length > 0) {
  console.error(`the fault matrix has rows 1 to ${rows.length}: npm run test:faults -- 9 17`)
  process.exitCode = 2
} else ended([await onServers(interruption, allRows)])

async function allRows(run: RunSpecs): Promise<Counts> {
  let [passed, failed] = [0, 0]
  const failures: string[] = []
  for (const row of rows) {
    if (wanted.length > 0 ? !wanted.includes(row.row) : row.specs.length === 0) continue
    if (interruption.signal.aborted) break
    const counts = await one(row, run)
    passed += counts.passed
    failed += counts.failed
    failures.push(...(counts.failures ?? []))
  }
  return { passed, failed, failures }
}

/** In a process of its own, so that a row that runs amok takes no other with it. */
async function one(row: Row, run: RunSpecs): Promise<Counts> {
  console.log(`\nrow ${row.row}: ${row.fault}`)
  const file = join(tmpdir(), `millrace-faults-${process.pid}-${row.row}.jsonl`)
  const since = performance.now()
  try {
    const { failures = [], ...counts } = await run(row.specs, {
      [faultsVariable]: 'full',
      [reportVariable]: file,
    })
    if (!interruption.signal.aborted) {
      const seconds = (performance.now() - since) / 1000
      const findings = readFindings(file).filter((finding) => finding.row === row.row)
      keepResult({ row: row.row, ...counts, seconds, at: new Date().toISOString(), machine, findings })
    }
    return { ...counts, failures }
  } finally {
    rmSync(file, { force: true })
  }
}
