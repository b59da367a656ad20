/** What follows windows, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import {
  count,
  filter,
  hopping,
  json,
  type Stream,
  session,
  sink,
  sliding,
  type Table,
  topic,
  tumbling,
  type Windowed,
  type WindowedStream,
  window,
  windowedKey,
} from '../../lib/index.ts'

declare const users: Stream<string, { readonly age: number }>

export const minutes: WindowedStream<string, { readonly age: number }> = users.pipe(
  window('minutes', tumbling('1m')),
)
export const counts: Table<Windowed<string>, number> = minutes.pipe(count('counts'))
for (const windows of [hopping('1m', '10s'), sliding('5s'), session('1h', { grace: '1m' })]) {
  users.pipe(window('any', windows, { emit: 'close', retention: '1d' }), count('any-counts'))
}

users.pipe(window('early', tumbling('1m'), { emit: 'close', idleness: '2s' }), count('early-counts'))

// @ts-expect-error: an idleness is a time
users.pipe(window('idle', tumbling('1m'), { emit: 'close', idleness: true }))

counts.pipe(sink('windowed', topic('counts', { key: windowedKey(), value: json<number>() })))

// @ts-expect-error: the keys are windowed ones
counts.pipe(sink('plain', topic('counts', { value: json<number>() })))

// @ts-expect-error: windows are for aggregations
minutes.pipe(filter('adults', () => true))

// @ts-expect-error: a table has no windows
users.pipe(count('counts'), window('minutes', tumbling('1m')))

// @ts-expect-error: there is no such way to emit
users.pipe(window('minutes', tumbling('1m'), { emit: 'sometimes' }))
