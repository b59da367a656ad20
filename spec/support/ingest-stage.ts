import { type RandomUserServer, startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import type { ServerFault } from '../../connectors/http/server-fault.ts'
import { stagingResources } from '../../connectors/postgres/staging/staging-tables.ts'
import { type Ended, type MillraceProcess, startMillrace } from './millrace.ts'
import { createSpecDatabase, type SpecDatabase } from './spec-database.ts'
import { until } from './until.ts'

export interface StagedRun {
  /** `HH:MM` of the interval in UTC; null for a run by hand. */
  readonly due: string | null
  readonly type: string
  readonly state: string
  readonly attempts: number
  readonly page: number
  readonly staged: number
}

/** An API and a staging database for `millrace ingest` as a user runs it, five users a page. */
export interface IngestStage extends SpecDatabase {
  readonly api: RandomUserServer
  /** What the API does instead of answering. */
  fault: (request: number) => ServerFault | undefined
  start(args: readonly string[], env?: Readonly<Record<string, string>>): MillraceProcess
  ingest(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>
  /** In order of interval. */
  runs(): Promise<StagedRun[]>
  /** Waits until the API has been asked so many times. */
  asked(times: number): Promise<void>
  /** Kills what was started, and empties the tables. */
  clear(): Promise<void>
  close(): Promise<void>
}

export async function openIngestStage(): Promise<IngestStage> {
  const spec = await createSpecDatabase()
  for (const resource of stagingResources(spec.database)) await resource.create()
  const api = await startRandomUserServer({ faults: (request) => stage.fault(request - before) })
  const started: MillraceProcess[] = []
  let before = 0
  const stage: IngestStage = {
    ...spec,
    api,
    fault: () => undefined,
    start: (args, env) => {
      const variables = { RANDOM_USER_URL: api.url, RANDOM_USER_RESULTS: '5', DATABASE_URL: spec.url, ...env }
      const process = startMillrace(['ingest', ...args], variables)
      started.push(process)
      return process
    },
    ingest: (args, env) => stage.start(args, env).ended,
    runs: () =>
      spec.database.query<StagedRun & Record<string, unknown>>(
        'read runs',
        `select to_char(due_at at time zone 'UTC', 'HH24:MI') as due, run_type as type, state, attempts,
                first_page as page, staged::int
           from millrace.ingest_runs order by due_at, started_at`,
      ),
    asked: (times) => until(`request ${times}`, () => api.requests.length - before >= times),
    clear: async () => {
      for (const process of started.splice(0)) {
        process.kill('SIGKILL')
        await process.ended
      }
      stage.fault = () => undefined
      before = api.requests.length
      await spec.database.query('empty', 'truncate millrace.ingest_runs, staging.random_users')
    },
    close: async () => {
      await api.close()
      await spec.drop()
    },
  }
  return stage
}
