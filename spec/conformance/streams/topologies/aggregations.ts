import {
  aggregate,
  and,
  cogroup,
  count,
  json,
  keyBy,
  reduce,
  type Stream,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../../../lib/index.ts'
import type { Json, Params } from '../scenario.ts'
import { append, field, jsonTopic, number, str } from './common.ts'
import type { Build } from './index.ts'

const out = jsonTopic('out')
const input = { nullValues: 'pass' } as const

const counting: Build = () =>
  topology('count', ({ source }) => {
    source('in', jsonTopic('in'), input).pipe(count('counts'), sink('out', out))
  })

const regrouped: Build = () =>
  topology('select-key-then-group-count', ({ source }) => {
    source('in', jsonTopic('in'), input).pipe(
      keyBy('by-g', (v, { key }) => (v === null ? key : (field(v, 'g') as string | null))),
      count('counts'),
      sink('out', out),
    )
  })

const aggregating: Build = (params) =>
  topology('aggregate', ({ source }) => {
    const records = source('in', jsonTopic('in'), input)
    const concat = aggregate<string, Json, string, Json>(
      'aggregates',
      () => '',
      (all, v) => append(all as string, v),
    )
    const sum = aggregate<string, Json, string, Json>(
      'aggregates',
      () => 0,
      (all, v) => {
        const total = Number(all) + Number(v)
        return total % number(params, 'nullEvery') === 0 ? null : total
      },
    )
    records.pipe(params.fn === 'concat' ? concat : sum, toStream('updates'), sink('out', out))
  })

const reducing: Build = ({ op }) =>
  topology('reduce', ({ source }) => {
    const combine: Readonly<Record<string, (a: Json, b: Json) => Json>> = {
      sum: (a, b) => Number(a) + Number(b),
      concat: (a, b) => `${str(a)}|${str(b)}`,
      toggle: (a, b) => (str(a) === str(b) ? null : b),
    }
    source('in', jsonTopic('in'), input).pipe(reduce('reduced', combine[String(op)]!), sink('out', out))
  })

/** Each stream's records under a letter of its own; "!" deletes. */
const labelled = (label: string) => (all: Json, v: Json) => (v === '!' ? null : `${all}${label}(${str(v)})`)

const empty = (): Json => ''

function others({ streams }: Params, stream: (name: string) => Stream<string, Json>) {
  const b = and(stream('b'), labelled('B'))
  return number({ streams: streams! }, 'streams') === 2 ? [b] : [b, and(stream('c'), labelled('C'))]
}

const cogrouping: Build = (params) =>
  topology('cogroup', ({ source }) => {
    const stream = (name: string) => source(name, jsonTopic(name), input)
    stream('a').pipe(cogroup('cogrouped', empty, labelled('A'), ...others(params, stream)), sink('out', out))
  })

const cogroupingTumbling: Build = (params) =>
  topology('cogroup-tumbling', ({ source }) => {
    const stream = (name: string) => source(name, jsonTopic(name), input)
    const windows = tumbling(number(params, 'sizeMs'), { grace: number(params, 'graceMs') })
    stream('a').pipe(
      window('windowed', windows, { retention: number(params, 'retentionMs') }),
      cogroup('windows', empty, labelled('A'), ...others(params, stream)),
      sink('out', topic('out', { key: windowedKey(), value: json<Json>() })),
    )
  })

export const AGGREGATIONS: Readonly<Record<string, Build>> = {
  count: counting,
  'select-key-then-group-count': regrouped,
  aggregate: aggregating,
  reduce: reducing,
  cogroup: cogrouping,
  'cogroup-tumbling': cogroupingTumbling,
}
