import { type Command, InvalidArgumentError, Option } from 'commander'
import { isEndpoint } from '../admin/endpoint.ts'
import type { Admin } from '../admin/server.ts'
import { MillraceError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { config } from './config.ts'
import { wholeNumber } from './options.ts'

/** What commands that run workers take for their HTTP. */
export interface AdminFlags {
  readonly port?: number
  readonly host?: string
  readonly advertise?: string
}

export function withAdmin(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--port <n>',
        'serve health, metrics and state stores over HTTP on this port; 0: any',
      ).argParser(wholeNumber(0, 65_535)),
    )
    .option(
      '--host <address>',
      'address to listen on (default: 127.0.0.1); one that others can reach needs MILLRACE_ADMIN_TOKEN',
    )
    .addOption(
      new Option(
        '--advertise <host:port>',
        'where other instances reach this one, for keys that they have not (application.server)',
      ).argParser(endpoint),
    )
}

/** Undefined where it was not asked for. The server is loaded only where it was. */
export async function openAdmin(
  { port, host, advertise }: AdminFlags,
  topologies: readonly string[],
  log: Logger,
): Promise<Admin | undefined> {
  if (port === undefined) {
    if (host === undefined && advertise === undefined) return undefined
    throw new MillraceError('CONFIG', `--${host === undefined ? 'advertise' : 'host'} goes with --port`)
  }
  const { MILLRACE_ADMIN_TOKEN: token } = config(['MILLRACE_ADMIN_TOKEN'])
  const { startAdmin } = await import('../admin/server.ts')
  const admin = await startAdmin({ port, host, advertise, token, topologies, log })
  log.info(
    { url: admin.url, advertised: admin.endpoint },
    'serving /live, /ready, /metrics, /topology and /stores',
  )
  return admin
}

function endpoint(text: string): string {
  if (isEndpoint(text)) return text
  throw new InvalidArgumentError('Give host:port.')
}
