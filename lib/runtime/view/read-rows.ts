import { internalSerde } from '../../contract/internal-serde.ts'
import { MillraceError } from '../../errors.ts'
import type { KeyValueStore } from '../../state/key-value-store.ts'
import type { StoredRow } from '../../state/row.ts'
import type { SessionStore } from '../../state/session-store.ts'
import type { OpenStore } from '../../state/task-state.ts'
import type { VersionedStore } from '../../state/versioned-store.ts'
import type { WindowStore } from '../../state/window-store.ts'
import type { StoreSpec } from '../../topology/store.ts'
import type { Windowed } from '../../windows/windowed.ts'
import { jsonValue } from './json-value.ts'
import { keyOf } from './key-text.ts'
import { timeOf } from './time-text.ts'
import type { AnsweredRow, RowsAsked } from './worker-view.ts'

interface ReadRows {
  readonly rows: readonly AnsweredRow[]
  readonly more: boolean
}

type Row = StoredRow<unknown, unknown>
type TimedRow = StoredRow<Windowed<unknown>, unknown>

/**
 * The rows that were asked for, from an open store. Synchronous: they are of one moment.
 *
 * @throws MillraceError `CONFIG` for what this kind of store can't be asked.
 */
export function readRows(spec: StoreSpec, store: OpenStore<StoreSpec>, asked: RowsAsked): ReadRows {
  if (asked.asOf !== undefined && spec.kind !== 'versioned') {
    throw new MillraceError('CONFIG', `store "${spec.name}" keeps no history: leave asOf out`)
  }
  const key = asked.key === undefined ? undefined : keyOf(spec.key, asked.key)
  const bytesOf = (one: unknown) => internalSerde(spec.key).encode(one).toString('hex')
  switch (spec.kind) {
    case 'key-value': {
      const rows = keyValueRows(spec, store as KeyValueStore<unknown, unknown>, key, asked)
      return taken(rows, asked.limit, (row) => plain(row, bytesOf(row.key)))
    }
    case 'versioned': {
      const rows = versionedRows(spec, store as VersionedStore<unknown, unknown>, key, asked)
      return taken(rows, asked.limit, (row) => plain(row, bytesOf(row.key)))
    }
    case 'window': {
      const rows = windowRows(store as WindowStore<unknown, unknown>, key, spec.size, between(asked))
      return taken(rows, asked.limit, (row) => timed(row, bytesOf(row.key.key)))
    }
    case 'session': {
      const rows = sessionRows(store as SessionStore<unknown, unknown>, key, between(asked))
      return taken(rows, asked.limit, (row) => timed(row, bytesOf(row.key.key)))
    }
  }
}

function* keyValueRows(
  spec: StoreSpec,
  store: KeyValueStore<unknown, unknown>,
  key: unknown,
  { first, last }: RowsAsked,
): Iterable<Row> {
  if (key === undefined) {
    yield* store.range(
      first === undefined ? null : keyOf(spec.key, first),
      last === undefined ? null : keyOf(spec.key, last),
    )
    return
  }
  const row = store.get(key)
  if (row !== undefined) yield { key, ...row }
}

function* versionedRows(
  spec: StoreSpec,
  store: VersionedStore<unknown, unknown>,
  key: unknown,
  { asOf, first, last }: RowsAsked,
): Iterable<Row> {
  if (key !== undefined) {
    const row = asOf === undefined ? store.get(key) : store.asOf(key, timeOf(asOf))
    if (row !== undefined) yield { key, ...row }
    return
  }
  if (asOf !== undefined) throw new MillraceError('CONFIG', 'asOf goes with a key')
  const encode = (text: string) => internalSerde(spec.key).encode(keyOf(spec.key, text))
  const [from, to] = [first, last].map((text) => (text === undefined ? undefined : encode(text)))
  for (const row of store.all()) {
    const bytes = internalSerde(spec.key).encode(row.key)
    if (from !== undefined && from.compare(bytes) > 0) continue
    if (to !== undefined && to.compare(bytes) < 0) return
    yield row
  }
}

/** Windows that start in between. */
function* windowRows(
  store: WindowStore<unknown, unknown>,
  key: unknown,
  size: number,
  [earliest, latest]: readonly [number, number],
): Iterable<TimedRow> {
  if (key === undefined) {
    yield* store.fetchAll(earliest, latest)
    return
  }
  for (const { start, value, timestamp } of store.fetch(key, earliest, latest)) {
    yield { key: { key, start, end: start + size }, value, timestamp }
  }
}

/** Sessions that have some of their time in between. */
function* sessionRows(
  store: SessionStore<unknown, unknown>,
  key: unknown,
  [earliest, latest]: readonly [number, number],
): Iterable<TimedRow> {
  if (key !== undefined) {
    yield* store.find(key, earliest, latest)
    return
  }
  for (const row of store.all()) if (row.key.end >= earliest && row.key.start <= latest) yield row
}

function between({ first, last }: RowsAsked): readonly [number, number] {
  const latest = Number.MAX_SAFE_INTEGER - 1
  return [first === undefined ? 0 : timeOf(first), last === undefined ? latest : timeOf(last)]
}

function taken<R>(rows: Iterable<R>, limit: number, answered: (row: R) => AnsweredRow): ReadRows {
  const found: AnsweredRow[] = []
  for (const row of rows) {
    if (found.length === limit) return { rows: found, more: true }
    found.push(answered(row))
  }
  return { rows: found, more: false }
}

function plain({ key, value, timestamp }: Row, order: string): AnsweredRow {
  return {
    key: jsonValue(key),
    value: jsonValue(value),
    timestamp: timestamp < 0 ? undefined : timestamp,
    order,
  }
}

function timed({ key: { key, start, end }, value, timestamp }: TimedRow, bytes: string): AnsweredRow {
  const order = `${String(start).padStart(16, '0')} ${bytes}`
  return { ...plain({ key, value, timestamp }, order), window: { start, end } }
}
