import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import pg from 'pg'
import { readRunning } from '../../services/pid-file.ts'
import { freePorts } from '../../services/ports.ts'
import { startPostgres } from '../../services/postgres.ts'
import { stopServer } from '../../services/stop.ts'

/** The directory of an embedded pipeline, and what plain means see of it. */
export interface EmbeddedStage {
  readonly env: { readonly MILLRACE_STATE_DIR: string }
  /** Whether its PostgreSQL does. */
  readonly running: boolean
  /** Of the PostgreSQL that runs; throws if none does. */
  databaseUrl(): string
  /** Postmasters on this directory's data. */
  postmasters(): number[]
  /** A number from the PostgreSQL that runs; undefined as long as there is nothing to ask. */
  count(sql: string): Promise<number | undefined>
  /** Starts the PostgreSQL alone, for `look`. */
  look<T>(at: (databaseUrl: string) => Promise<T>): Promise<T>
  remove(): Promise<void>
}

export function embeddedStage(): EmbeddedStage {
  // Mode 0700: where we are root, PostgreSQL's user can't enter.
  const state = mkdtempSync(join(tmpdir(), 'millrace-spec-'))
  const dir = join(state, 'embedded', 'servers')
  const databaseUrl = () => {
    const running = readRunning(dir, 'postgres')
    if (running === undefined) throw new Error(`no PostgreSQL runs on ${dir}`)
    return running.env.DATABASE_URL!
  }
  return {
    env: { MILLRACE_STATE_DIR: state },
    get running() {
      return readRunning(dir, 'postgres') !== undefined
    },
    databaseUrl,
    postmasters: () => postmasters(dataDirectory(dir)),
    count: async (sql) => {
      const running = readRunning(dir, 'postgres')
      return running && (await select(running.env.DATABASE_URL!, sql).catch(() => []))[0]?.count
    },
    look: async (at) => {
      const [port] = await freePorts(1)
      const server = await startPostgres({ dir, port })
      try {
        return await at(server.env.DATABASE_URL!)
      } finally {
        await server.stop()
      }
    },
    remove: async () => {
      await stopServer(dir, 'postgres')
      const elsewhere = join(dir, 'postgres', 'elsewhere')
      if (existsSync(elsewhere)) rmSync(readFileSync(elsewhere, 'utf8'), { recursive: true, force: true })
      rmSync(state, { recursive: true, force: true })
    },
  }
}

/** See services/postgres-files.ts. */
function dataDirectory(dir: string): string {
  const elsewhere = join(dir, 'postgres', 'elsewhere')
  return join(existsSync(elsewhere) ? readFileSync(elsewhere, 'utf8') : join(dir, 'postgres'), 'data')
}

/** A postmaster shows its arguments; its children show what they do, but for a moment after their fork. */
function postmasters(dataDir: string): number[] {
  const found = execFileSync('ps', ['-axww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`/postgres -D ${dataDir} `))
    .map((line) => line.trim().split(/\s+/, 2).map(Number) as [pid: number, parent: number])
  const pids = found.map(([pid]) => pid)
  return found.filter(([, parent]) => !pids.includes(parent)).map(([pid]) => pid)
}

/** Rows as a plain client reads them; dates as text. */
export function select<R extends pg.QueryResultRow>(databaseUrl: string, sql: string): Promise<R[]> {
  return query<R>(databaseUrl, sql)
}

/** The same, with parameters. */
export async function query<R>(
  databaseUrl: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  await client.connect()
  client.setTypeParser(pg.types.builtins.DATE, (text: string) => text)
  client.setTypeParser(pg.types.builtins.INT8, Number)
  try {
    return (await client.query(sql, [...values])).rows as R[]
  } finally {
    await client.end()
  }
}

/** A session that has the table to itself, until what this resolves with is called. */
export async function holdTable(databaseUrl: string, table: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: databaseUrl })
  // Its server may be the first to go.
  client.on('error', () => {})
  await client.connect()
  await client.query('BEGIN')
  await client.query(`LOCK TABLE ${table}`)
  return () => client.end()
}

/** A PATH with Node, npm and what a shell is: no Java, no Maven, no psql. */
export function onlyNode(): { readonly PATH: string; readonly remove: () => void } {
  const bin = mkdtempSync(join(tmpdir(), 'millrace-spec-path-'))
  const commands = ['node', 'npm', 'sh', 'id', 'chmod']
  for (const command of commands) symlinkSync(which(command), join(bin, command))
  return { PATH: bin, remove: () => rmSync(bin, { recursive: true }) }
}

function which(command: string): string {
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    // npm puts its own Node there; a newcomer's is the one of the system.
    .filter((directory) => !directory.includes('node_modules'))
    .map((directory) => join(directory, command))
    .find(existsSync)
  return found ?? join(dirname(process.execPath), command)
}
