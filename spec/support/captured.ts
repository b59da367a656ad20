import type { PipelineServers } from './pipeline-servers.ts'
import { until } from './until.ts'

/** Waits until the capture, which must be running, has passed all that is staged by now. */
export async function untilCaptured({ sql }: Pick<PipelineServers, 'sql'>): Promise<void> {
  const [{ lsn } = { lsn: '' }] = await sql<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn')
  await until('capture has passed what is staged', async () => {
    const passed = 'SELECT FROM pg_replication_slots WHERE confirmed_flush_lsn >= $1::pg_lsn'
    return (await sql(passed, [lsn])).length > 0
  })
}
