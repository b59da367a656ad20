import type { RandomUserServer } from '../../connectors/http/random-user-server.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { lagOf } from '../support/group.ts'
import type { PipelineServers } from '../support/pipeline-servers.ts'
import { holdRow } from './held-row.ts'
import type { Hop } from './hop.ts'
import type { PageGate } from './page-gate.ts'

/** What a kill -9 has hit. */
export interface Hit {
  /** Records that had left the hop, or were leaving it, while its stored position did not cover them. */
  readonly unacknowledged: number
  readonly evidence: string
}

export interface Stage extends PipelineServers {
  readonly broker: Broker
  readonly api: RandomUserServer
  /** There is work as long as a hop is to be killed, and no hop runs out of it before. */
  readonly gate: PageGate
  readonly pageSize: number
}

/** Once the pages allowed are recorded: dies with the next page fetched and in an open transaction. */
export async function killIngest(ingest: Hop, { sql, api, gate, pageSize }: Stage): Promise<Hit> {
  // The last statement of the transaction that stages a page: the page's rows are in, and the run does not know.
  const serverProcess = await ingest.until('a page in hand', () => gate.waiting())
  await ingest.kill()
  await gate.end(serverProcess)
  const [run] = await sql<{ recorded: number }>('SELECT pages_done AS recorded FROM millrace.ingest_runs')
  const asked = Number(new URL(api.requests.at(-1)!, api.url).searchParams.get('page'))
  const { recorded } = run!
  return {
    unacknowledged: (asked - recorded) * pageSize,
    evidence: `page ${asked} was fetched and in an open transaction, ${recorded} pages were recorded`,
  }
}

/** Once Kafka has the pages allowed: dies when Kafka has more than its stored position covers. */
export async function killCapture(capture: Hop, stage: Stage): Promise<Hit> {
  const { env, sql, gate, pageSize } = stage
  const records = gate.allowed * pageSize
  await capture.until(`${records} records in Kafka`, async () =>
    (await inKafka(stage)) >= records ? true : undefined,
  )
  for (;;) {
    // Frozen, so that what Kafka has now is all that a position stored by now can cover.
    capture.signal('SIGSTOP')
    const held = await holdRow<{ lsn: string }>(
      env.DATABASE_URL!,
      "SELECT lsn::text FROM millrace.captures WHERE name = 'users-raw' FOR UPDATE",
    )
    const covered = await inKafka(stage)
    capture.signal('SIGCONT')
    await gate.allow(gate.allowed + 1)
    const serverProcess = await capture.until('a position to store', () =>
      held.waiting('UPDATE millrace.captures SET lsn'),
    )
    if ((await inKafka(stage)) === covered) {
      await held.release()
      continue
    }
    await capture.kill()
    await held.end(serverProcess)
    await held.release()
    const unacknowledged = (await inKafka(stage)) - covered
    const [stored] = await sql<{ lsn: string }>(
      "SELECT lsn::text FROM millrace.captures WHERE name = 'users-raw'",
    )
    if (stored?.lsn !== held.row.lsn) throw new Error('the position of the capture moved while it was held')
    return {
      unacknowledged,
      evidence: `Kafka had ${covered + unacknowledged} records, position ${stored.lsn} covered at most ${covered}`,
    }
  }
}

/** Written from what is committed here: a table behind a look-up has a topic of its own, exactly once. */
const FEED = 'user-insights-users-by-id-repartition'

/** Once the pages allowed are rows that are committed: dies with rows in Cassandra beyond the committed positions. */
export async function killWorker(worker: Hop, stage: Stage): Promise<Hit> {
  const { admin } = stage.broker
  const stored = async () => {
    const positions = await admin.committed('user-insights', [FEED])
    return new Map(positions.map(({ partition, offset }) => [partition, offset]))
  }
  await worker.until(`${stage.gate.allowed} pages of rows`, async () => {
    const { all } = await rowsAt(stage, stored)
    return all >= stage.gate.allowed * stage.pageSize ? true : undefined
  })
  await worker.until('rows that are not committed', async () => {
    worker.signal('SIGSTOP')
    const { all, beyond } = await rowsAt(stage, stored)
    if (beyond > 0) return beyond
    worker.signal('SIGCONT')
    if (all >= stage.gate.allowed * stage.pageSize) await stage.gate.allow(stage.gate.allowed + 1)
    return undefined
  })
  await worker.kill()
  const lag = await lagOf('user-insights', stage.env.KAFKA_BROKERS)
  const fed = lag.filter(({ topic }) => topic === FEED)
  const positions = new Map(fed.map(({ partition, committed }) => [partition, committed || 0]))
  const { beyond: unacknowledged } = await rowsAt(stage, async () => positions)
  return {
    unacknowledged,
    evidence: `the group had committed ${sum(positions.values())}, Cassandra had ${unacknowledged} rows of later records`,
  }
}

/** Rows, and those of them made of records that lie at or beyond these positions, however often they are there. */
async function rowsAt(
  { broker, keyspace }: Stage,
  positions: () => Promise<ReadonlyMap<number, number>>,
): Promise<{ all: number; beyond: number }> {
  const rows = await keyspace.select<{ user_id: unknown }>(`SELECT user_id FROM ${keyspace.name}.users_by_id`)
  const next = await positions()
  const written = new Set(rows.map(({ user_id }) => String(user_id)))
  const covered = new Set<string>()
  const later = new Set<string>()
  for (const { partition, earliest, end } of await broker.admin.offsets(FEED)) {
    for await (const { records } of broker.read([{ topic: FEED, partition, from: earliest, to: end }])) {
      for (const { key, offset } of records) {
        if (offset < (next.get(partition) ?? 0)) covered.add(String(key))
        else later.add(String(key))
      }
    }
  }
  const beyond = [...later].filter((user) => written.has(user) && !covered.has(user))
  return { all: rows.length, beyond: beyond.length }
}

export async function inKafka({ broker }: Pick<Stage, 'broker'>): Promise<number> {
  return sum((await broker.admin.offsets('users.raw')).map(({ end }) => end))
}

export function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0)
}
