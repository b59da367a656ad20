import { aggregate, count, keyBy, sink, topology, toStream } from '../../../../lib/index.ts'
import type { Json } from '../scenario.ts'
import { append, field, jsonTopic, number } from './common.ts'
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

export const AGGREGATIONS: Readonly<Record<string, Build>> = {
  count: counting,
  'select-key-then-group-count': regrouped,
  aggregate: aggregating,
}
