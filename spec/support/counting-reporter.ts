import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

/** Names the file into which the reporter writes its counts. */
export const countsVariable = 'MILLRACE_SPEC_COUNTS'

export interface Counts {
  readonly passed: number
  readonly failed: number
  /** What failed and why, a text each. */
  readonly failures?: readonly string[]
}

/** Says again what failed, as thousands of lines may be behind it; then the last line of a run, and its exit code. */
export function ended(counts: readonly Counts[]): void {
  for (const text of counts.flatMap(({ failures = [] }) => failures)) console.log(`\nfailed: ${text}`)
  const passed = counts.reduce((sum, count) => sum + count.passed, 0)
  const failed = counts.reduce((sum, count) => sum + count.failed, 0)
  if (failed > 0) process.exitCode = 1
  console.log(`\n${passed} passed, ${failed} failed`)
}

const leaveWithinMs = 30_000

/** Mocha's spec reporter, which also leaves the counts for `spec/run.ts`. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    // An exit, unlike the death by signal that is the default, still kills the servers a spec has started.
    process.once('SIGINT', () => process.exit(1))
  }

  override done(_failures: number, finish: (failures: number) => void): void {
    const { passes, failures } = this.stats
    const file = process.env[countsVariable]
    const counts: Counts = { passed: passes, failed: failures, failures: this.failures.map(failureText) }
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts))
    setTimeout(exitNamingLeaks, leaveWithinMs).unref()
    finish(failures)
  }
}

function failureText(test: Mocha.Test): string {
  return `${test.fullTitle()}\n${test.err?.stack ?? test.err}`
}

/** A spec that leaves a connection or a timer behind would keep this process, and so CI, forever. */
function exitNamingLeaks(): void {
  const left = [...new Set(process.getActiveResourcesInfo())].join(', ')
  console.error(`specs are done but left something open, which fails the run: ${left}`)
  // Mocha sets the exit code by its own failures at exit: this comes behind it.
  process.once('exit', () => {
    process.exitCode = 1
  })
  process.exit()
}
