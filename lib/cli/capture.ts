import { Command } from 'commander'
import { onShutdown } from '../runtime/shutdown.ts'
import { print } from './outcome.ts'
import { openUsersRawCapture } from './pipeline.ts'
import { connect, type ServerFlags, withServers } from './servers/connect.ts'

export function captureCommand(): Command {
  return withServers(new Command('capture'))
    .description('capture new rows of staging.random_users into users.raw, until SIGTERM or Ctrl-C')
    .option('--json', 'print the final counts as JSON')
    .addHelpText('after', '\nEnvironment: DATABASE_URL, KAFKA_BROKERS, SCHEMA_REGISTRY_URL')
    .action(run)
}

async function run(flags: ServerFlags & { json?: boolean }): Promise<void> {
  const environment = await connect(
    ['DATABASE_URL', 'KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL'],
    'capture',
    flags,
  )
  const stop = new AbortController()
  onShutdown((signal) => {
    environment.log.info({ signal }, 'draining')
    stop.abort()
  })
  try {
    const capture = await openUsersRawCapture({ databaseUrl: environment.settings.DATABASE_URL, environment })
    environment.log.info({}, 'running')
    await capture.run(stop.signal)
    if (flags.json) print(capture.status)
    else environment.log.info({ ...capture.status }, 'stopped')
  } finally {
    await environment.close()
  }
}
