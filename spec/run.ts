/**
 * `npm test`: types, lint, specs, and the specs on the real servers, which it starts and stops itself. Ends in
 * `N passed, N failed`; a type error, a lint error and an empty run count as failures.
 *
 * `node spec/run.ts servers [spec files…]` does the specs on the real servers only.
 */
import { resolve } from 'node:path'
import { messageOf } from '../lib/errors.ts'
import type { Counts } from './support/counting-reporter.ts'
import { runCommand } from './support/run-command.ts'
import { runMocha } from './support/run-mocha.ts'
import { serversVariable } from './support/servers.ts'
import { keepLogs, makeServersDirectory, startSpecServers, stopSpecServers } from './support/spec-servers.ts'

const serverSpecs = 'spec/**/*-server-spec.ts'
const logsDirectory = resolve('.millrace/spec-logs')
/** For a spec that hangs. No spec is to be near it, on a slow machine and under load. */
const patience = ['--timeout', '300000']

const interruption = new AbortController()
const { signal } = interruption

const [mode, ...files] = process.argv.slice(2)
const stages = mode === 'servers' ? [onServers] : [types, lint, unit, onServers]
const counts: Counts[] = []
for (const stage of stages) counts.push(await stage())
const passed = counts.reduce((sum, count) => sum + count.passed, 0)
const failed = counts.reduce((sum, count) => sum + count.failed, 0)
if (failed > 0) process.exitCode = 1
console.log(`\n${passed} passed, ${failed} failed`)

function types(): Promise<Counts> {
  return check('tsc', ['-p', 'tsconfig.json'])
}

function lint(): Promise<Counts> {
  return check('biome', ['check', '--error-on-warnings', '.'])
}

async function check(command: string, args: readonly string[]): Promise<Counts> {
  const succeeded = await runCommand(command, args, signal)
  return { passed: 0, failed: succeeded ? 0 : 1 }
}

function unit(): Promise<Counts> {
  return runMocha(['--ignore', serverSpecs, 'spec/**/*-spec.ts'], signal)
}

async function onServers(): Promise<Counts> {
  const directory = await makeServersDirectory()
  const stopListening = onInterrupt()
  try {
    const count = await specsOn(directory)
    if (count.failed > 0) keepLogs(directory, logsDirectory)
    if (count.failed > 0) console.log(`the servers' logs are kept in ${logsDirectory}`)
    return count
  } finally {
    await stopSpecServers(directory)
    stopListening()
  }
}

async function specsOn(directory: string): Promise<Counts> {
  try {
    const addresses = await startSpecServers(directory)
    const specs = files.length > 0 ? files : [serverSpecs]
    return await runMocha([...patience, ...specs], signal, { [serversVariable]: addresses })
  } catch (error) {
    console.error(messageOf(error))
    return { passed: 0, failed: 1 }
  }
}

/** First signal: end the specs and stop the servers cleanly. Second: kill them. Returns how to undo this. */
function onInterrupt(): () => void {
  const interrupted = () => {
    // Servers that are our children are killed with us: see services/process.ts.
    if (signal.aborted) process.exit(1)
    console.error('interrupted: stopping the servers (again: kill them)')
    interruption.abort()
  }
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
  return () => process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
}
