import pg from 'pg'

/** A row that a transaction of ours holds: whoever wants to write it waits. */
export interface HeldRow<Row> {
  /** As it is stored while it is held. */
  readonly row: Row
  /** The server process that waits to run a statement beginning like this. */
  waiting(statement: string): Promise<number | undefined>
  /** Ends that server process, as happens when the network tells it that its client is gone. */
  end(serverProcess: number): Promise<void>
  release(): Promise<void>
}

/** `select` must name one row and end in `FOR UPDATE`. */
export async function holdRow<Row>(databaseUrl: string, select: string): Promise<HeldRow<Row>> {
  const client = new pg.Client(databaseUrl)
  // Where a spec fails while it holds the row, the server is the first to go.
  client.on('error', () => {})
  await client.connect()
  await client.query('BEGIN')
  const { rows } = await client.query(select)
  if (rows.length !== 1) throw new Error(`${rows.length} rows are held by: ${select}`)
  return {
    row: rows[0] as Row,
    async waiting(statement) {
      // A transaction sees the activity as it was when it first looked.
      await client.query('SELECT pg_stat_clear_snapshot()')
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity
          WHERE wait_event_type = 'Lock' AND pg_backend_pid() = ANY (pg_blocking_pids(pid)) AND query LIKE $1 || '%'`,
        [statement],
      )
      return rows[0]?.pid
    },
    async end(serverProcess) {
      await client.query('SELECT pg_terminate_backend($1, 10000)', [serverProcess])
    },
    async release() {
      await client.query('ROLLBACK')
      await client.end()
    },
  }
}
