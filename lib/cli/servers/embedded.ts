import { join, resolve } from 'node:path'
import { openEmbeddedBroker } from '../../../connectors/embedded/broker.ts'
import { type RandomUserServer, startRandomUserServer } from '../../../connectors/http/random-user-server.ts'
import type { Broker } from '../../broker/broker.ts'
import { diskRegistry } from '../../contract/disk-registry.ts'
import type { Logger } from '../../log.ts'
import type { SchemaRegistry } from '../../ports.ts'
import type { ServerName } from './choice.ts'
import { type EmbeddedPostgres, openEmbeddedPostgres } from './embedded-postgres.ts'

/** What stands in for the servers that were not given. */
export interface Embedded {
  readonly broker: Broker | undefined
  readonly registry: SchemaRegistry | undefined
  /** PostgreSQL, as staging and in Cassandra's place. */
  readonly databaseUrl: string | undefined
  readonly apiUrl: string | undefined
  close(): Promise<void>
}

/** Where the embedded mode keeps everything. */
export function embeddedDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.MILLRACE_STATE_DIR || '.millrace', 'embedded')
}

/** Opens the stand-ins, and says what stands in for what. */
export async function openEmbedded(names: ReadonlySet<ServerName>, log: Logger): Promise<Embedded> {
  const dir = embeddedDirectory()
  const closing: Array<() => Promise<void>> = []
  const close = async () => {
    // PostgreSQL last: what still writes must find it.
    for (const end of closing.reverse()) await end()
  }
  try {
    const postgres = needsPostgres(names)
      ? await opened(openEmbeddedPostgres(join(dir, 'servers')), closing)
      : undefined
    const broker = names.has('kafka')
      ? await opened(openEmbeddedBroker({ dir: join(dir, 'log'), logger: log }), closing)
      : undefined
    const api = names.has('api') ? await opened(startRandomUserServer(), closing) : undefined
    const registry = names.has('registry') ? diskRegistry(join(dir, 'schemas.json')) : undefined
    announce(names, dir, log, { postgres, api })
    return { broker, registry, databaseUrl: postgres?.url, apiUrl: api?.url, close }
  } catch (error) {
    await close()
    throw error
  }
}

function needsPostgres(names: ReadonlySet<ServerName>): boolean {
  return names.has('postgres') || names.has('cassandra')
}

async function opened<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
  closing: Array<() => Promise<void>>,
): Promise<T> {
  const server = await opening
  closing.push(() => server.close())
  return server
}

function announce(
  names: ReadonlySet<ServerName>,
  dir: string,
  log: Logger,
  at: { postgres: EmbeddedPostgres | undefined; api: RandomUserServer | undefined },
): void {
  const addresses = { ...(at.postgres && { postgres: at.postgres.url }), ...(at.api && { api: at.api.url }) }
  log.info(addresses, `embedded, in place of ${[...names].join(', ')}: all is kept in ${dir}`)
}
