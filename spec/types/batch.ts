/** What `batch` takes and hands on. Checked by `npm run types`; there is nothing to run. */
import { batch, json, keyBy, map, type RxRecord, type Stream, sink, topic } from '../../lib/index.ts'

interface User {
  readonly id: string
}

declare const users: Stream<number, User>
declare const texts: Stream<string, string>

export const perKey: Stream<number, readonly RxRecord<number, User>[]> = users.pipe(
  batch('per-key', { per: 'key', records: 100 }),
)

// Records of any keys: the batch itself has none, and fits whatever keys a topic has.
export const perPartition: Stream<never, readonly RxRecord<number, User>[]> = users.pipe(
  batch('per-partition', { bytes: 1_000_000, every: '1s' }),
)
users.pipe(
  batch('ids', { every: '1s', per: 'partition' }),
  map('ids', (batch) => batch.map(({ key, value }) => `${key.toFixed()} ${value.id}`)),
  sink('out', topic('out', { value: json<string[]>() })),
)

// The values may be kept in a format of their own.
texts.pipe(batch('kept', { records: 2, value: json<string>() }))

export const again: Stream<string, number> = users.pipe(
  batch('again', { records: 10 }),
  keyBy('size', (batch) => `${batch.length}`),
  map('length', (batch) => batch.length),
)

// @ts-expect-error: it would never end
users.pipe(batch('endless', {}))

// @ts-expect-error: how the values are kept does not fit them
users.pipe(batch('kept', { records: 2, value: json<string>() }))

// @ts-expect-error: whose?
users.pipe(batch('whose', { records: 2, per: 'topic' }))
