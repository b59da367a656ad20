/** What `suppress` takes and gives, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import {
  count,
  json,
  type Stream,
  sink,
  suppress,
  type Table,
  topic,
  toStream,
  tumbling,
  untilTimeLimit,
  untilWindowCloses,
  type Windowed,
  window,
  windowedKey,
} from '../../lib/index.ts'

declare const users: Stream<string, { readonly age: number }>
declare const rows: Table<string, number>

const minutes = users.pipe(window('minutes', tumbling('1m')), count('counts'))

export const final: Table<Windowed<string>, number> = minutes.pipe(suppress('final', untilWindowCloses()))
export const limited: Table<Windowed<string>, number> = minutes.pipe(
  suppress('limited', untilTimeLimit('30s', { maxRecords: 1000, whenFull: 'emit-early' })),
)
export const plain: Table<string, number> = rows.pipe(suppress('plain', untilTimeLimit('30s')))

export const updates: Stream<Windowed<string>, number | null> = users.pipe(
  window('hours', tumbling('1h')),
  count('hourly'),
  suppress('hourly-final', untilWindowCloses({ maxBytes: 1e6 })),
  toStream('hourly-updates'),
)

final.pipe(sink('out', topic('counts', { key: windowedKey(), value: json<number>() })))

// @ts-expect-error: a table without windows has none that close
rows.pipe(suppress('final', untilWindowCloses()))

// @ts-expect-error: streams are not held back, tables are
users.pipe(suppress('plain', untilTimeLimit('30s')))

// @ts-expect-error: a limit needs a way out
untilTimeLimit('30s', { maxRecords: 1000 })

// @ts-expect-error: windows that have not closed are not shown early
untilWindowCloses({ maxRecords: 1000, whenFull: 'emit-early' })

// @ts-expect-error: until what?
rows.pipe(suppress('plain'))
