import {
  type GroupedTable,
  groupAggregate,
  groupBy,
  groupCount,
  groupReduce,
  keyBy,
  sink,
  type Table,
  tableFilter,
  tableJoin,
  tableLeftJoin,
  tableMap,
  tableOuterJoin,
  topology,
  toStream,
  toTable,
} from '../../../../lib/index.ts'
import type { Json, Params } from '../scenario.ts'
import { field, isEven, joined, jsonTopic, number, str } from './common.ts'
import type { Build } from './index.ts'

const out = jsonTopic('out')

function history(params: Params) {
  return params.historyMs == null ? {} : { history: number(params, 'historyMs') }
}

const materialized = ({ materialize }: Params) => ({ materialize: materialize === true })

const tableSource: Build = (params) =>
  topology('table-source', ({ table }) => {
    table('table', jsonTopic('in'), materialized(params)).pipe(sink('out', out))
  })

const filtering: Build = (params) =>
  topology('table-filter', ({ table }) => {
    table('table', jsonTopic('in'), { materialize: params.materializeSource === true }).pipe(
      tableFilter('filtered', (v) => isEven(v) !== params.not, materialized(params)),
      sink('out', out),
    )
  })

const mapping: Build = (params) =>
  topology('table-map-values', ({ table }) => {
    table('table', jsonTopic('in'), { materialize: false }).pipe(
      tableMap('mapped', (v): Json => ({ v }), materialized(params)),
      sink('out', out),
    )
  })

const asStream: Build = () =>
  topology('table-to-stream', ({ table }) => {
    table('table', jsonTopic('in')).pipe(
      toStream('updates'),
      keyBy('by-key-and-value', (v, { key }) => `${key}/${str(v)}`),
      sink('out', out),
    )
  })

const asTable: Build = () =>
  topology('stream-to-table', ({ source }) => {
    source('in', jsonTopic('in'), { nullValues: 'pass' }).pipe(toTable('table'), sink('out', out))
  })

type Aggregation = (groups: GroupedTable<string, Json>) => Table<string, Json>

const plus = (a: Json, b: Json): Json => Number(a) + Number(b)
const minus = (a: Json, b: Json): Json => Number(a) - Number(b)
const unlessZero = (combine: typeof plus) => (a: Json, b: Json) => combine(a, b) || null

const AGGREGATIONS: Readonly<Record<string, Aggregation>> = {
  log: groupAggregate(
    'groups',
    (): Json => '',
    (all, n) => `${str(all)}+${str(n)}`,
    (all, n) => `${str(all)}-${str(n)}`,
  ),
  sum: groupAggregate('groups', (): Json => 0, plus, minus),
  'sum-null': groupAggregate('groups', (): Json => 0, unlessZero(plus), unlessZero(minus)),
  reduce: groupReduce('groups', plus, minus),
  count: groupCount('groups') as Aggregation,
}

const regrouping: Build = (params) =>
  topology('table-group-by-aggregate', ({ table }) => {
    table('table', jsonTopic('in'), history(params)).pipe(
      groupBy('by-g', (row) => [field(row, 'g') as string | null, field(row, 'n')]),
      AGGREGATIONS[String(params.agg)]!,
      sink('out', out),
    )
  })

const JOINS = { inner: tableJoin, left: tableLeftJoin, outer: tableOuterJoin }

const joining =
  (type: keyof typeof JOINS): Build =>
  (params) =>
    topology(`join-table-table-${type}`, ({ table }) => {
      const right = table('right', jsonTopic('right'), history(params))
      table('left', jsonTopic('left'), history(params)).pipe(
        JOINS[type]<string, Json, Json, Json>('joined', right, joined, materialized(params)),
        sink('out', out),
      )
    })

export const TABLES: Readonly<Record<string, Build>> = {
  'table-source': tableSource,
  'table-filter': filtering,
  'table-map-values': mapping,
  'table-to-stream': asStream,
  'stream-to-table': asTable,
  'table-group-by-aggregate': regrouping,
  'join-table-table-inner': joining('inner'),
  'join-table-table-left': joining('left'),
  'join-table-table-outer': joining('outer'),
}
