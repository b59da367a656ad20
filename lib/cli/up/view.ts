import type { Capture } from '../../../connectors/postgres/capture/capture.ts'
import type { IngestRun } from '../../../connectors/postgres/staging/ingest-run.ts'
import type { Schedule } from '../../../connectors/schedule/cron.ts'
import userInsights from '../../../topologies/user-insights.ts'
import { usersRaw, usersRawCapture } from '../../../topologies/users-raw.ts'
import type { Worker } from '../../runtime/worker-options.ts'
import type { HopCounts } from './live-view.ts'

/** What ingest has done since the start. */
export interface IngestTally {
  readonly staged: number
  readonly latest: IngestRun | undefined
  readonly note: (run: IngestRun) => void
}

export function ingestTally(): IngestTally {
  const staged = new Map<string, number>()
  let latest: IngestRun | undefined
  return {
    get staged() {
      return [...staged.values()].reduce((sum, count) => sum + count, 0)
    },
    get latest() {
      return latest
    },
    note: (run) => {
      staged.set(run.runId, run.staged)
      latest = run
    },
  }
}

export function hopCounts(tally: IngestTally, { status }: Capture, { counters }: Worker): HopCounts {
  return [
    ['staging.random_users', tally.staged],
    [usersRaw.name, status.rows],
    [usersRawCapture.deadLetterTopic, status.deadLetters],
    [userInsights.name, counters.get('users', 'records')],
    [userInsights.deadLetters.topic, counters.get('dead-letters', 'written')],
    ['users_by_id', counters.get('users-by-id', 'written')],
    ['users_by_country', counters.get('users-by-country', 'written')],
    ['users.insights', counters.get('insights', 'written')],
    ['users.counts', counters.get('counts', 'written')],
    ['user_counts_by_country', counters.get('user-counts-by-country', 'written')],
  ]
}

/** What goes on, in one line. */
export function statusOf({ latest }: IngestTally, schedule: Schedule | undefined, asked: boolean): string {
  if (asked) return 'finishing what is under way; Ctrl-C again ends at once'
  if (latest !== undefined && latest.pagesDone < latest.pages) {
    return `ingesting: page ${latest.pagesDone + 1} of ${latest.pages}`
  }
  if (schedule === undefined)
    return latest === undefined ? 'beginning' : 'ingested; then every hop is verified'
  const next = schedule.next(new Date())
  const when = next === undefined ? 'never again' : `at ${clock(next)} (${schedule.text})`
  return `next ingest run ${when}; Ctrl-C to stop`
}

/** Local time, as the clock on the wall. */
function clock(time: Date): string {
  return time.toTimeString().slice(0, 8)
}
