/** What a `sink` takes, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import {
  batch,
  count,
  json,
  type SinkTarget,
  type Stream,
  sink,
  type Table,
  topic,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'

interface User {
  readonly name: string
  readonly age: number
}

declare const users: Stream<string, User>
declare const rows: Table<string, User>
declare const byNumber: Stream<number, User>
declare const people: SinkTarget<{ readonly name: string }>
declare const addresses: SinkTarget<{ readonly street: string }>

const out = topic('out', { value: json<User>() })
const texts = topic('texts', { value: json<string>() })

// Streams and tables; the value may be more than the target asks for.
users.pipe(sink('stream', out))
rows.pipe(sink('table', out))
users.pipe(sink('people', people))

// The keys of windows are written as such.
users.pipe(
  window('per-minute', tumbling('1m')),
  count('counts'),
  sink('counts-out', topic('counts', { key: windowedKey(), value: json<number>() })),
)

// A batch of a partition has no key, and fits any.
users.pipe(batch('bulk', { records: 10 }), sink('batches', topic('batches', { value: json<unknown>() })))

// As fast as the table can take it, and written again when it refuses.
users.pipe(sink('limited', people, { rate: '30/m', onError: { retry: 2, backoff: '1s', otherwise: 'fail' } }))

// @ts-expect-error: the topic has text
users.pipe(sink('wrong-value', texts))

// @ts-expect-error: the topic's keys are text
byNumber.pipe(sink('wrong-key', out))

// @ts-expect-error: the table has other columns
users.pipe(sink('wrong-row', addresses))

// @ts-expect-error: nothing follows a sink
users.pipe(sink('end', out), sink('more', out))

const counts = users.pipe(window('per-minute', tumbling('1m')), count('counts'))
// @ts-expect-error: a windowed key is no text
counts.pipe(sink('counts-out', topic('counts', { value: json<number>() })))
