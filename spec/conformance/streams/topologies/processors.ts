import {
  count,
  dedupe,
  type Forward,
  flatMap,
  type Headers,
  json,
  keyValueStore,
  merge,
  process,
  type Row,
  type Rows,
  repartition,
  type Stream,
  sink,
  topic,
  topology,
  tumbling,
  window,
  windowedKey,
} from '../../../../lib/index.ts'
import type { Json, Params } from '../scenario.ts'
import { field, jsonTopic, number, str } from './common.ts'
import type { Build } from './index.ts'

const out = jsonTopic('out')
const windowedOut = topic('out', { key: windowedKey(), value: json<Json>() })
const input = { nullValues: 'pass' } as const
type ToJson = Forward<Json>

/** The value stored for a key before, beside the one that has come. */
const previous: Build = () =>
  topology('transform-with-store', ({ source }) => {
    source('in', jsonTopic('in'), input).pipe(
      process(
        'previous',
        { stores: { last: keyValueStore<Json>('last') } },
        ({ stores: { last } }, forward: ToJson) => {
          return (value, { key }) => {
            if (key === null) return
            const prev = last.get(key) ?? null
            last.put(key, value)
            forward({ value: { prev, cur: value } })
          }
        },
      ),
      sink('out', out),
    )
  })

/** Counts records by key, and tells and forgets the counts at every punctuation. */
const punctuating =
  (clock: 'stream-time' | 'wall-clock'): Build =>
  (params) =>
    topology('punctuate', ({ source }) => {
      const options = { stores: { counts: keyValueStore<number>('counts') } }
      source('in', jsonTopic('in'), input).pipe(
        process('counting', options, ({ stores: { counts }, schedule }, forward: ToJson) => {
          let done = 0
          schedule(clock, number(params, 'intervalMs'), (at, cancel) => {
            forward({ key: 'punctuated', value: ++done })
            for (const { key, value: n } of counts.all()) {
              forward({ key, value: { n, at } })
              counts.delete(key)
            }
            if (done === number(params, 'cancelAfter')) cancel()
          })
          return (_, { key }) => {
            if (key !== null) counts.put(key, (counts.get(key) ?? 0) + 1)
          }
        }),
        sink('out', out),
      )
    })

const deduplicating: Build = (params) =>
  topology('dedupe-window', ({ source }) => {
    const within = number(params, 'windowMs')
    const options = { within, extend: params.extend === true, retention: number(params, 'retentionMs') }
    source('in', jsonTopic('in'), input).pipe(dedupe('seen', options), sink('out', out))
  })

const numbering: Build = ({ mode }) =>
  topology('merge-arrival-order', ({ source }) => {
    const left = source('left', jsonTopic('left'), input)
    const right = source('right', jsonTopic('right'), input)
    const twice = (v: Json): Json[] => [`${str(v)}#1`, `${str(v)}#2`]
    const lefts =
      mode === 'direct'
        ? left
        : mode === 'repartition-left'
          ? left.pipe(repartition('left-by-key'))
          : left.pipe(flatMap('twice', twice), repartition('twice-by-key'), merge('all-lefts', left))
    lefts.pipe(
      merge('all', right),
      process(
        'number',
        { stores: { seq: keyValueStore<number>('seq') } },
        ({ stores: { seq } }, forward: ToJson) => {
          return (v) => {
            const i = (seq.get('n') ?? 0) + 1
            seq.put('n', i)
            forward({ value: { i, v } })
          }
        },
      ),
      sink('out', out),
    )
  })

/** Time, headers and value of each record by what its value says. */
const retimed: Build = (params) =>
  topology('map-with-header-timestamp', ({ source }) => {
    const records = source('in', jsonTopic('in'), input).pipe(
      process('retime', {}, (_, forward: ToJson) => (value, { timestamp, headers }) => {
        forward({
          value: { v: field(value, 'v'), was: timestamp },
          timestamp: (field(value, 'ts') as number | null) ?? timestamp,
          headers: rewritten(headers, value),
        })
      }),
    )
    if (params.then === 'nothing') records.pipe(sink('out', out))
    else records.pipe(counted(params), sink('out', windowedOut))
  })

function counted(params: Params) {
  const windows = tumbling(number(params, 'sizeMs'), { grace: number(params, 'graceMs') })
  return (records: Stream<string, Json>) => records.pipe(window('windowed', windows), count('counts'))
}

function rewritten(headers: Headers, value: Json): Headers {
  const set = Object.entries((field(value, 'set') ?? {}) as Record<string, string>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  )
  const gone = new Set([...((field(value, 'unset') ?? []) as string[]), ...set.map(([name]) => name)])
  return [
    ...headers.filter(([name]) => !gone.has(name)),
    ...[...set, ['n', String(headers.length)] as const].map(
      ([name, text]) => [name, Buffer.from(text)] as const,
    ),
  ]
}

/** A table that a processor is asked about. */
const asked: Build = () =>
  topology('table-materialized-store', ({ source, table }) => {
    const rows = table('table', jsonTopic('in'))
    rows.pipe(sink('out', out))
    source('queries', jsonTopic('queries'), input).pipe(
      process('ask', { tables: { rows } }, ({ tables: { rows } }, forward: ToJson) => (query, { key }) => {
        if (field(query, 'op') !== null) forward({ value: answerOf(rows, query, key) })
      }),
      sink('answers', jsonTopic('answers')),
    )
  })

function answerOf(rows: Rows<string, Json>, query: Json, key: string | null): Json {
  const [from, to] = [field(query, 'from') as string | null, field(query, 'to') as string | null]
  switch (field(query, 'op')) {
    case 'get':
      return rowOf(key === null ? undefined : rows.get(key))
    case 'range':
      return [...rows.range(from, to)].map((row) => ({ ...row }))
    default:
      return [...rows.all()].map((row) => ({ ...row }))
  }
}

/** A table with a history that a processor is asked about, as of any time. */
const askedAsOf: Build = (params) =>
  topology('table-versioned-as-of', ({ source, table }) => {
    const rows = table('versioned', jsonTopic('in'), { history: number(params, 'historyMs') })
    rows.pipe(sink('out', out))
    source('queries', jsonTopic('queries'), input).pipe(
      process('ask', { tables: { rows } }, ({ tables: { rows } }, forward: ToJson) => (query, { key }) => {
        const asOf = field(query, 'asOf') as number | null
        if (key !== null) forward({ value: rowOf(asOf === null ? rows.get(key) : rows.asOf(key, asOf)) })
      }),
      sink('answers', jsonTopic('answers')),
    )
  })

function rowOf(row: Row<Json> | undefined): Json {
  return row === undefined ? 'none' : { ...row }
}

export const PROCESSORS: Readonly<Record<string, Build>> = {
  'transform-with-store': previous,
  'punctuate-stream-time': punctuating('stream-time'),
  'punctuate-wall-clock': punctuating('wall-clock'),
  'dedupe-window': deduplicating,
  'merge-arrival-order': numbering,
  'table-materialized-store': asked,
  'table-versioned-as-of': askedAsOf,
  'map-with-header-timestamp': retimed,
}
