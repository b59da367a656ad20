import type { TaskState } from '../state/task-state.ts'
import type { SessionSpec, WindowSpec } from '../topology/store.ts'
import type { Windowed } from '../windows/windowed.ts'
import type { View } from './view.ts'

/** An aggregation in windows; a session's time is its end. (KStreamWindowAggregate#view, KStreamSessionWindowAggregate#view) */
export function windowedView(store: WindowSpec | SessionSpec, state: TaskState): View<Windowed<unknown>> {
  if (store.kind === 'window') {
    const rows = state.store(store)
    return { get: ({ key, start }) => rows.get(key, start) }
  }
  const sessions = state.store(store)
  return {
    get: (session) => {
      const value = sessions.get(session)
      return value === undefined ? undefined : { value, timestamp: session.end }
    },
  }
}
