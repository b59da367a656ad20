import pg from 'pg'

/** Lets an ingest record only so many pages: with the next one, fetched and in an open transaction, it waits. */
export interface PageGate {
  /** Pages that may be recorded. */
  readonly allowed: number
  /** At least so many may be recorded from now on. Rejects when there would be none left to wait with. */
  allow(pages: number): Promise<void>
  allowAll(): Promise<void>
  /** The server process of the ingest that waits. */
  waiting(): Promise<number | undefined>
  /** Ends that server process, as happens when the network tells it that its client is gone. */
  end(serverProcess: number): Promise<void>
  close(): Promise<void>
}

/** Names our advisory locks, one a page. */
const GATE = 20_261_122

const TRIGGER = `
  CREATE FUNCTION millrace.spec_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock_shared(${GATE}, new.pages_done);
      RETURN new;
    END $$;
  CREATE TRIGGER spec_gate BEFORE UPDATE ON millrace.ingest_runs
    FOR EACH ROW WHEN (new.pages_done > old.pages_done) EXECUTE FUNCTION millrace.spec_gate()`

export async function openPageGate(databaseUrl: string, pages: number): Promise<PageGate> {
  const client = new pg.Client(databaseUrl)
  // Where a spec fails while it holds the gate, the server is the first to go.
  client.on('error', () => {})
  await client.connect()
  await client.query('SELECT pg_advisory_lock($1, page) FROM generate_series(1, $2::int) AS page', [
    GATE,
    pages,
  ])
  await client.query(TRIGGER)
  let allowed = 0
  return {
    get allowed() {
      return allowed
    },
    async allow(most) {
      if (most >= pages) throw new Error(`all ${pages} pages are used up`)
      for (; allowed < most; allowed++) {
        await client.query('SELECT pg_advisory_unlock($1, $2)', [GATE, allowed + 1])
      }
    },
    async allowAll() {
      await client.query('SELECT pg_advisory_unlock_all()')
      allowed = pages
    },
    async waiting() {
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity
          WHERE wait_event = 'advisory' AND pg_backend_pid() = ANY (pg_blocking_pids(pid))`,
      )
      return rows[0]?.pid
    },
    async end(serverProcess) {
      await client.query('SELECT pg_terminate_backend($1, 10000)', [serverProcess])
    },
    close: () => client.end(),
  }
}
