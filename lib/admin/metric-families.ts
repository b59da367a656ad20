import type { LatencyCounts, WorkerMetrics, WorkerState } from '../runtime/view/worker-view.ts'

/** As Prometheus reads them: one line each. */
export interface Sample {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: (worker: Measured) => readonly Sample[]
}

export interface Measured extends WorkerMetrics {
  readonly state: WorkerState
}

export const FAMILIES: readonly Family[] = [
  {
    name: 'millrace_step_events_total',
    type: 'counter',
    help: 'What happened at each step: records read, written, refused, skipped, filtered, late …',
    samples: ({ topology, counters }) =>
      Object.entries(counters).flatMap(([step, counts]) =>
        Object.entries(counts).map(([event, value]) => ({ labels: { topology, step, event }, value })),
      ),
  },
  {
    name: 'millrace_lag_records',
    type: 'gauge',
    help: 'Committed records of an input partition that have not been processed and committed',
    samples: ({ topology, inputs }) =>
      inputs.flatMap(({ lag, ...at }) => known({ topology, ...placeOf(at) }, lag.records)),
  },
  {
    name: 'millrace_lag_seconds',
    type: 'gauge',
    help: 'How long ago the newest processed record of an input partition had happened, while others wait; else 0',
    samples: ({ topology, inputs }) =>
      inputs.flatMap(({ lag, ...at }) => known({ topology, ...placeOf(at) }, seconds(lag.ms))),
  },
  {
    name: 'millrace_position',
    type: 'gauge',
    help: 'Committed position in an input partition: the offset of the next record',
    samples: ({ topology, inputs }) =>
      inputs.map(({ position, ...at }) => ({ labels: { topology, ...placeOf(at) }, value: position })),
  },
  {
    name: 'millrace_state_entries',
    type: 'gauge',
    help: 'Entries of a store in one task',
    samples: ({ topology, stores }) =>
      stores.map(({ entries, ...of }) => ({ labels: { topology, ...of }, value: entries })),
  },
  {
    name: 'millrace_state_bytes',
    type: 'gauge',
    help: 'What the state of a task takes on disk',
    samples: ({ topology, stateBytes }) =>
      stateBytes.map(({ task, bytes }) => ({ labels: { topology, task }, value: bytes })),
  },
  {
    name: 'millrace_restore_records_total',
    type: 'counter',
    help: 'Records read by a restore under way',
    samples: ({ topology, restores }) =>
      restores.map(({ records, ...at }) => ({ labels: restoreOf(topology, at), value: records })),
  },
  {
    name: 'millrace_restore_remaining_offsets',
    type: 'gauge',
    help: 'Offsets that a restore under way has still to read',
    samples: ({ topology, restores }) =>
      restores.map(({ at, end, ...of }) => ({
        labels: restoreOf(topology, of),
        value: Math.max(0, end - at),
      })),
  },
  {
    name: 'millrace_restore_eta_seconds',
    type: 'gauge',
    help: 'How long a restore under way takes still, at its rate',
    samples: ({ topology, restores }) =>
      restores.flatMap(({ eta, ...of }) => known(restoreOf(topology, of), seconds(eta))),
  },
  {
    name: 'millrace_commit_duration_seconds',
    type: 'histogram',
    help: 'From the processed micro-batch to its commit: sinks, transaction or changelogs, state and positions',
    samples: ({ topology, commits }) => histogram('millrace_commit_duration_seconds', { topology }, commits),
  },
  {
    name: 'millrace_rebalances_total',
    type: 'counter',
    help: 'Assignments given by the group',
    samples: ({ topology, rebalances }) => [{ labels: { topology }, value: rebalances }],
  },
  {
    name: 'millrace_retakes_total',
    type: 'counter',
    help: 'Failed transactions after which the work began anew from what was committed',
    samples: ({ topology, retakes }) => [{ labels: { topology }, value: retakes }],
  },
  {
    name: 'millrace_tasks',
    type: 'gauge',
    help: 'Tasks that this instance runs (active) or follows (standby)',
    samples: ({ topology, activeTasks, standbyTasks }) => [
      { labels: { topology, role: 'active' }, value: activeTasks },
      { labels: { topology, role: 'standby' }, value: standbyTasks },
    ],
  },
  {
    name: 'millrace_workers',
    type: 'gauge',
    help: 'Workers of this instance by state: starting, rebalancing, restoring, running, stopped or failed',
    samples: ({ topology, state }) => [{ labels: { topology, state }, value: 1 }],
  },
]

type Labels = Readonly<Record<string, string | number>>

function known(labels: Labels, value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels, value }]
}

function placeOf({ topic, partition }: { readonly topic: string; readonly partition: number }): Labels {
  return { topic, partition }
}

function restoreOf(
  topology: string,
  { task, topic, partition }: { readonly task: string; readonly topic: string; readonly partition: number },
): Labels {
  return { topology, task, topic, partition }
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000
}

/** Prometheus' buckets hold all that took no longer than their bound. */
function histogram(name: string, labels: Labels, { bounds, counts, sum }: LatencyCounts): readonly Sample[] {
  let below = 0
  const buckets = [...bounds.map(String), '+Inf'].map((le, index) => {
    below += counts[index]!
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: below },
  ]
}
