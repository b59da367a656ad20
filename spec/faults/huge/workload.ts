import { createHash } from 'node:crypto'
import { json, map, sink, type Topology, topic, topology } from '../../../lib/index.ts'
import type { Headers, OutRecord } from '../../../lib/record.ts'

export const MB = 1_000_000
/** What the broker takes for the large topics; the others have Kafka's default of 1 MB. */
const RAISED = String(25 * MB)

export const names = (run: string) => ({
  application: `${run}-huge`,
  input: `${run}.in`,
  large: `${run}.large`,
  small: `${run}.small`,
  hashes: `${run}.hashes`,
})

/** Each record goes to a topic that takes it, to one that does not, and as a hash. */
export function said(run: string): Topology {
  const { application, input, large, small, hashes } = names(run)
  const raised = { partitions: 1, config: { 'max.message.bytes': RAISED } }
  return topology(application, ({ source }) => {
    const records = source('in', topic(input, { value: json<string>(), ...raised }))
    records.pipe(sink('large', topic(large, { value: json<string>(), ...raised })))
    records.pipe(sink('small', topic(small, { value: json<string>(), partitions: 1 })))
    records.pipe(
      map('hash', (text) => hashOf(text)),
      sink('hashes', topic(hashes, { value: json<string>(), ...raised })),
    )
  })
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export interface Huge {
  readonly what: string
  readonly key?: string
  readonly text: string
  readonly headers?: Headers
  /** Which parts of a dead letter of 1 MB there is no room for. */
  readonly omitted: RegExp
}

const fill = (bytes: number) => 'huge '.repeat(Math.ceil(bytes / 5)).slice(0, bytes)

export const HUGE: readonly Huge[] = [
  { what: 'a value of 1 MB and a byte', text: fill(MB + 1), omitted: /^value of 1000003 bytes$/ },
  { what: 'a value of 20 MB', text: fill(20 * MB), omitted: /^value of 20000002 bytes$/ },
  { what: 'a key of 2 MB', key: fill(2 * MB), text: 'huge', omitted: /^key of 2000000 bytes$/ },
  {
    what: 'a header of 2 MB',
    text: 'huge',
    headers: [
      ['note', Buffer.from('small')],
      ['huge', Buffer.from(fill(2 * MB))],
    ],
    omitted: /^header huge of 2000014 bytes$/,
  },
  {
    what: 'key, value and headers that are too large only together',
    key: fill(0.4 * MB),
    text: fill(0.4 * MB),
    headers: [['huge', Buffer.from(fill(0.4 * MB))]],
    omitted: /bytes/,
  },
]

export function recordOf(topic: string, n: number, huge?: Huge): OutRecord {
  return {
    topic,
    partition: 0,
    key: Buffer.from(huge?.key ?? `key-${n % 10}`),
    value: Buffer.from(JSON.stringify(huge?.text ?? `small-${n}`)),
    timestamp: 1_700_000_000_000 + n,
    headers: huge?.headers ?? [],
  }
}
