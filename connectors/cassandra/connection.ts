import type { ConnectionOptions } from 'node:tls'
import { Client, errors, policies, types } from 'cassandra-driver'
import { MillraceError } from '../../lib/errors.ts'
import { requireIdentifier } from '../../lib/table/table.ts'
import { cassandraError } from './failures.ts'

export interface ConnectionSettings {
  /** `host:port` of some nodes. */
  readonly contactPoints: readonly string[]
  readonly localDataCenter: string
  readonly keyspace: string
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
  readonly ssl?: ConnectionOptions | undefined
}

export type Row = Readonly<Record<string, unknown>>

/** One driver client, opened at first use and shared by all that uses the keyspace. */
export interface Connection {
  readonly keyspace: string
  /** The contact points, as messages name them. */
  readonly server: string
  /** @throws {MillraceError} `UNREACHABLE` within 30 s, `CONFIG` for a wrong data centre or credentials. */
  client(): Promise<Client>
  /** One statement, at LOCAL_QUORUM. `doing` completes "could not …" in an error. */
  query(doing: string, cql: string, params?: readonly unknown[]): Promise<Row[]>
  /** Every row of a result of any size, a page of 1,000 rows in memory at a time. */
  pages(doing: string, cql: string): AsyncIterable<Row>
  close(): Promise<void>
}

const CONNECT_WITHIN_MS = 25_000
const PAGE_ROWS = 1000

export function openConnection(settings: ConnectionSettings): Connection {
  requireIdentifier(settings.keyspace, 'a Cassandra keyspace')
  const server = settings.contactPoints.join(',')
  let opened: Promise<Client> | undefined
  const client = (): Promise<Client> => {
    opened ??= connect(settings, server).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
  const guarded = async <T>(doing: string, work: (client: Client) => Promise<T>): Promise<T> => {
    try {
      return await work(await client())
    } catch (error) {
      throw cassandraError(error, doing, server)
    }
  }
  return {
    keyspace: settings.keyspace,
    server,
    client,
    query: (doing, cql, params = []) =>
      guarded(doing, async (driver) => (await driver.execute(cql, [...params], QUERY)).rows ?? []),
    async *pages(doing, cql) {
      const page = (pageState?: string) =>
        guarded(doing, (driver) =>
          driver.execute(cql, [], { ...QUERY, fetchSize: PAGE_ROWS, ...(pageState && { pageState }) }),
        )
      for (let result = await page(); ; result = await page(result.pageState)) {
        yield* result.rows
        if (!result.pageState) return
      }
    },
    close: async () => {
      const driver = await opened?.catch(() => undefined)
      await driver?.shutdown()
    },
  }
}

const QUERY = { prepare: true, isIdempotent: true, consistency: types.consistencies.localQuorum }

async function connect(settings: ConnectionSettings, server: string): Promise<Client> {
  const client = new Client(clientOptions(settings))
  client.on('hostRemove', letGo)
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new errors.OperationTimedOutError('connect')), CONNECT_WITHIN_MS)
  try {
    await Promise.race([client.connect(), late.promise])
    return client
  } catch (error) {
    client.shutdown().catch(() => undefined)
    // Of a client that never connected, shutdown leaves these as they are.
    for (const host of client.hosts?.values() ?? []) letGo(host)
    throw wrongDatacenter(error, settings) ?? cassandraError(error, 'connect', server)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * A server that comes back is a new host to the driver, which forgets to end the old one: its timers, and its pool that
 * goes on connecting, would stay for as long as the process.
 */
function letGo(host: object): void {
  const { shutdown } = host as { readonly shutdown: (waitForPending: boolean) => Promise<void> }
  shutdown.call(host, false).catch(() => undefined)
}

function clientOptions({ contactPoints, localDataCenter, credentials, ssl }: ConnectionSettings) {
  return {
    contactPoints: [...contactPoints],
    ...(credentials && { credentials: { ...credentials } }),
    ...(ssl && { sslOptions: ssl }),
    policies: {
      // Given to the policy, not to the client: there a wrong name leaves the first connection open for ever.
      loadBalancing: new policies.loadBalancing.DefaultLoadBalancingPolicy({ localDc: localDataCenter }),
      // The driver's own policy waits up to ten minutes before it looks again for a server that was away.
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(200, 3000, false),
    },
    queryOptions: { consistency: types.consistencies.localQuorum },
    monitorReporting: { enabled: false },
  }
}

/** The driver tells a wrong data centre, and the right ones, only by this text. */
function wrongDatacenter(error: unknown, { localDataCenter }: ConnectionSettings): MillraceError | undefined {
  if (!(error instanceof errors.ArgumentError)) return undefined
  const known = /Available DCs are: \[(.*)\]/.exec(error.message)?.[1]
  if (known === undefined) return undefined
  return new MillraceError(
    'CONFIG',
    `Cassandra has no data centre "${localDataCenter}", only ${known}: correct CASSANDRA_LOCAL_DC`,
  )
}
