import { resolve } from 'node:path'
import { messageOf } from '../../lib/errors.ts'
import type { Counts } from './counting-reporter.ts'
import { runMocha } from './run-mocha.ts'
import { serversVariable } from './servers.ts'
import { keepLogs, makeServersDirectory, startSpecServers, stopSpecServers } from './spec-servers.ts'

const logsDirectory = resolve('.millrace/spec-logs')
/** For a spec that hangs. No spec is to be near it, on a slow machine and under load. */
const patience = ['--timeout', '300000']

/** Runs specs with mocha, with more of the environment if it needs any. */
export type RunSpecs = (specs: readonly string[], env?: Record<string, string>) => Promise<Counts>

/** Starts the real servers, has specs run on them, and stops them, also when it is interrupted. */
export async function onServers(
  interruption: AbortController,
  run: (specs: RunSpecs) => Promise<Counts>,
): Promise<Counts> {
  const directory = await makeServersDirectory()
  const stopListening = onInterrupt(interruption)
  try {
    const count = await withServers(directory, interruption.signal, run)
    if (count.failed > 0) keepLogs(directory, logsDirectory)
    if (count.failed > 0) console.log(`the servers' logs are kept in ${logsDirectory}`)
    return count
  } finally {
    await stopSpecServers(directory)
    stopListening()
  }
}

async function withServers(
  directory: string,
  signal: AbortSignal,
  run: (specs: RunSpecs) => Promise<Counts>,
): Promise<Counts> {
  try {
    const addresses = await startSpecServers(directory)
    return await run((specs, env = {}) =>
      runMocha([...patience, ...specs], signal, { ...env, [serversVariable]: addresses }),
    )
  } catch (error) {
    console.error(messageOf(error))
    return { passed: 0, failed: 1, failures: [messageOf(error)] }
  }
}

/** First signal: end the specs and stop the servers cleanly. Second: kill them. Returns how to undo this. */
function onInterrupt(interruption: AbortController): () => void {
  const interrupted = () => {
    // Servers that are our children are killed with us: see services/process.ts.
    if (interruption.signal.aborted) process.exit(1)
    console.error('interrupted: stopping the servers (again: kill them)')
    interruption.abort()
  }
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
  return () => process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
}
