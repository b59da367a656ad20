import type { RandomUserServer } from '../../connectors/http/random-user-server.ts'
import type { Broker } from '../../lib/ports.ts'
import { lagOf } from '../support/group.ts'
import type { PipelineServers } from '../support/pipeline-servers.ts'
import { holdRow } from './held-row.ts'
import type { Hop } from './hop.ts'

/** What a kill -9 has hit. */
export interface Hit {
  /** Records that had left the hop, or were leaving it, while its stored position did not cover them. */
  readonly unacknowledged: number
  readonly evidence: string
}

export interface Stage extends PipelineServers {
  readonly broker: Broker
  readonly api: RandomUserServer
}

/** Once `pages` are recorded: dies with the next page fetched and in an open transaction. */
export async function killIngest(ingest: Hop, stage: Stage, pages: number): Promise<Hit> {
  const { sql, env, api } = stage
  await ingest.until(`${pages} pages recorded`, async () => {
    const [run] = await sql<{ pages_done: number }>('SELECT pages_done FROM millrace.ingest_runs')
    return run !== undefined && run.pages_done >= pages ? run : undefined
  })
  const held = await holdRow<{ pages_done: number; page_size: number }>(
    env.DATABASE_URL!,
    "SELECT pages_done, page_size FROM millrace.ingest_runs WHERE state = 'running' FOR UPDATE",
  )
  // The last statement of the transaction that stages a page: the page's rows are in, and the run does not know.
  await ingest.until('a page in hand', () => held.waiting('update millrace.ingest_runs set pages_done'))
  await ingest.kill()
  const { pages_done: recorded, page_size: size } = held.row
  const asked = Number(new URL(api.requests.at(-1)!, api.url).searchParams.get('page'))
  await held.release()
  return {
    unacknowledged: (asked - recorded) * size,
    evidence: `page ${asked} was fetched and in an open transaction, ${recorded} pages were recorded`,
  }
}

/** Once Kafka has `records`: dies when Kafka has more than its stored position covers. */
export async function killCapture(capture: Hop, stage: Stage, records: number): Promise<Hit> {
  const { env, sql } = stage
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

/** Once the group has committed `records`: dies with rows in Cassandra beyond the committed positions. */
export async function killWorker(worker: Hop, stage: Stage, records: number): Promise<Hit> {
  const { admin } = stage.broker
  const stored = async () => {
    const positions = await admin.committed('user-insights', ['users.raw'])
    return new Map(positions.map(({ partition, offset }) => [partition, offset]))
  }
  await worker.until(`${records} records committed`, async () =>
    sum((await stored()).values()) >= records ? true : undefined,
  )
  await worker.until('rows that are not committed', async () => {
    worker.signal('SIGSTOP')
    const beyond = await rowsBeyond(stage, stored)
    if (beyond > 0) return beyond
    worker.signal('SIGCONT')
    return undefined
  })
  await worker.kill()
  const lag = await lagOf('user-insights', stage.env.KAFKA_BROKERS)
  const positions = new Map(lag.map(({ partition, committed }) => [partition, committed || 0]))
  const unacknowledged = await rowsBeyond(stage, async () => positions)
  return {
    unacknowledged,
    evidence: `the group had committed ${sum(positions.values())}, Cassandra had ${unacknowledged} rows of later records`,
  }
}

/** Rows made of records that lie at or beyond these positions. */
async function rowsBeyond(
  { keyspace }: Stage,
  positions: () => Promise<ReadonlyMap<number, number>>,
): Promise<number> {
  const rows = await keyspace.select<{ source: string }>(`SELECT source FROM ${keyspace.name}.users_by_id`)
  const next = await positions()
  return rows.filter(({ source }) => {
    const [, partition, offset] = source.split('/')
    return Number(offset) >= (next.get(Number(partition)) ?? 0)
  }).length
}

export async function inKafka({ broker }: Pick<Stage, 'broker'>): Promise<number> {
  return sum((await broker.admin.offsets('users.raw')).map(({ end }) => end))
}

export function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0)
}
