import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheDirectory } from '../../services/cache-directory.ts'
import { type Counts, countsVariable } from './counting-reporter.ts'
import { runCommand } from './run-command.ts'

const reporter = fileURLToPath(new URL('counting-reporter.ts', import.meta.url))

/**
 * Runs mocha in a process of its own and resolves with its counts. No spec at all counts as a failure, and so
 * does a process that ends badly although no spec failed.
 */
export async function runMocha(
  args: readonly string[],
  signal: AbortSignal,
  env: Record<string, string> = {},
): Promise<Counts> {
  const file = join(tmpdir(), `millrace-spec-counts-${process.pid}-${Date.now()}.json`)
  try {
    const succeeded = await runCommand('mocha', ['--reporter', reporter, ...args], signal, {
      ...env,
      // Hundreds of files, and as many processes that read most of them again.
      NODE_COMPILE_CACHE: join(cacheDirectory(), 'compiled'),
      [countsVariable]: file,
    })
    const { passed, failed, failures = [] } = readCounts(file)
    if (passed + failed === 0 && !signal.aborted) console.error('no spec was run, which fails the run')
    if (failed > 0 || (succeeded && passed > 0)) return { passed, failed, failures }
    return { passed, failed: 1, failures: [`mocha ended badly behind ${passed} specs: ${args.join(' ')}`] }
  } finally {
    rmSync(file, { force: true })
  }
}

function readCounts(file: string): Counts {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 0 }
  }
}
