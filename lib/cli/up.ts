import { join } from 'node:path'
import { Command } from 'commander'
import { lockFolder } from '../../connectors/embedded/folder-lock.ts'
import { openDatabase } from '../../connectors/postgres/connection.ts'
import userInsights from '../../topologies/user-insights.ts'
import type { Admin } from '../admin/server.ts'
import { Ledger } from '../deployed/ledger.ts'
import { MillraceError } from '../errors.ts'
import { onShutdown } from '../runtime/shutdown.ts'
import { type AdminFlags, openAdmin, withAdmin } from './admin-flags.ts'
import { applyAll } from './apply.ts'
import { scheduleOf } from './ingest/by-schedule.ts'
import { viewLogger } from './log.ts'
import { pipelineResources } from './pipeline.ts'
import { chooseServers, type ServerName } from './servers/choice.ts'
import { connect, type ServerFlags, withServers } from './servers/connect.ts'
import { embeddedDirectory } from './servers/embedded.ts'
import { openHops, runHops, UP_VARIABLES } from './up/hops.ts'
import { confirm } from './up/once.ts'
import { paint, printAbove } from './up/terminal-block.ts'
import { welcome } from './up/welcome.ts'

interface Flags extends ServerFlags, AdminFlags {
  readonly once?: boolean
  readonly json?: boolean
}

export function upCommand(): Command {
  return withAdmin(withServers(new Command('up')))
    .description('all hops in one process: apply, then ingest by schedule, capture and process, until Ctrl-C')
    .option('--once', 'one ingest run through to the verified end')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', `\nEnvironment: ${UP_VARIABLES.join(', ')}; none of the servers': embedded`)
    .action(up)
}

async function up(flags: Flags): Promise<void> {
  const asked = new AbortController()
  onShutdown(() => asked.abort())
  const { embedded, settings } = chooseServers(UP_VARIABLES, flags.embedded)
  // Before anything is started: a schedule that is none.
  scheduleOf({ INGEST_SCHEDULE: settings.INGEST_SCHEDULE!, INGEST_TIMEZONE: settings.INGEST_TIMEZONE! })
  const leave = embedded.size > 0 ? await enter(embeddedDirectory()) : undefined
  try {
    if (embedded.size > 0 && process.stderr.isTTY) process.stderr.write(welcome(embedded))
    say('starting; the first time this takes some seconds')
    await upHere(flags, embedded, asked.signal)
  } finally {
    await leave?.()
  }
}

/**
 * One `up` a directory: the capture of a second one would only wait for that of the first.
 *
 * @throws MillraceError `CONFIG` when there is one.
 */
async function enter(dir: string): Promise<() => Promise<void>> {
  const leave = await lockFolder(join(dir, 'up'))
  if (leave !== undefined) return leave
  throw new MillraceError(
    'CONFIG',
    `millrace up (npm start) runs with ${dir} already: stop it first, or set MILLRACE_STATE_DIR to another directory`,
  )
}

async function upHere(flags: Flags, embedded: ReadonlySet<ServerName>, asked: AbortSignal): Promise<void> {
  const environment = await connect(UP_VARIABLES, 'up', flags, viewLogger('up'))
  const database = openDatabase(environment.settings.DATABASE_URL, { name: 'millrace up' })
  let admin: Admin | undefined
  try {
    admin = await openAdmin(flags, [userInsights.name], environment.log)
    if (admin !== undefined) announce('over HTTP', admin.url)
    if (embedded.has('postgres')) announceRows(environment.settings.DATABASE_URL)
    say('creating what is missing')
    const resources = [
      ...(await pipelineResources(environment, database)),
      Ledger.resource(environment.broker),
    ]
    await applyAll(resources, ({ kind, name }) => environment.log.info({ kind, name }, 'created'))
    if (asked.aborted) return
    const hops = await openHops(environment, database, admin, asked)
    if (hops === undefined) return
    const outcome = await runHops(hops, flags, asked)
    if (outcome === 'arrived') await confirm(environment, database, flags.json === true)
  } finally {
    await admin?.close()
    await database.close()
    await environment.close()
  }
}

/** Until the hops are shown: on a terminal only, elsewhere the log says it. */
function say(text: string): void {
  if (process.stderr.isTTY) paint(process.stderr, ['', `  ${text} …`])
}

/** The URL holds no password: it is the server of this machine's own. */
function announceRows(databaseUrl: string): void {
  announce('the rows', `${databaseUrl} (schema insights)`)
}

function announce(what: string, where: string): void {
  if (process.stderr.isTTY) printAbove(process.stderr, `  ${what.padEnd(11)}${where}\n`)
}
