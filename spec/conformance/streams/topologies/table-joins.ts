import {
  foreignKeyJoin,
  foreignKeyLeftJoin,
  joinGlobal,
  joinTable,
  leftJoinGlobal,
  leftJoinTable,
  sink,
  topology,
} from '../../../../lib/index.ts'
import type { Context } from '../../../../lib/record.ts'
import type { Json, Params } from '../scenario.ts'
import { field, joined, jsonTopic, number } from './common.ts'
import type { Build } from './index.ts'

const out = jsonTopic('out')
const input = { nullValues: 'pass' } as const
const STREAM_TABLE = { inner: joinTable, left: leftJoinTable }
const STREAM_GLOBAL = { inner: joinGlobal, left: leftJoinGlobal }
const FOREIGN_KEY = { inner: foreignKeyJoin, left: foreignKeyLeftJoin }

type Type = 'inner' | 'left'

function history(params: Params) {
  return params.historyMs == null ? {} : { history: number(params, 'historyMs') }
}

const streamTable =
  (type: Type, waiting: boolean): Build =>
  (params) =>
    topology(`join-stream-table-${type}`, ({ source, table }) => {
      const rows = table('table', jsonTopic('table'), history(params))
      const grace = waiting ? { grace: number(params, 'graceMs') } : {}
      source('stream', jsonTopic('stream'), input).pipe(
        STREAM_TABLE[type]('joined', rows, (value, row: Json) => joined(value, row), grace),
        sink('out', out),
      )
    })

/** The word "key" means the record's own. */
function reference(value: Json, { key }: Context<string>): string | null {
  const ref = field(value, 'ref')
  return ref === 'key' ? key : (ref as string | null)
}

const streamGlobal =
  (type: Type): Build =>
  () =>
    topology(`join-stream-global-table-${type}`, ({ source, globalTable }) => {
      const rows = globalTable('global', jsonTopic('global'))
      source('stream', jsonTopic('stream'), input).pipe(
        STREAM_GLOBAL[type]('joined', rows, reference, (value, row: Json) => joined(field(value, 'v'), row)),
        sink('out', out),
      )
    })

const foreignKey =
  (type: Type): Build =>
  ({ materialize }) =>
    topology(`join-foreign-key-${type}`, ({ table }) => {
      const right = table('right', jsonTopic('right'))
      table('left', jsonTopic('left')).pipe(
        FOREIGN_KEY[type](
          'joined',
          right,
          (row: Json) => field(row, 'fk') as string | null,
          (row, other: Json): Json => joined(field(row, 'v'), other),
          { materialize: materialize === true },
        ),
        sink('out', out),
      )
    })

export const TABLE_JOINS: Readonly<Record<string, Build>> = {
  'join-stream-table-inner': streamTable('inner', false),
  'join-stream-table-left': streamTable('left', false),
  'join-stream-table-inner-grace': streamTable('inner', true),
  'join-stream-table-left-grace': streamTable('left', true),
  'join-stream-global-table-inner': streamGlobal('inner'),
  'join-stream-global-table-left': streamGlobal('left'),
  'join-foreign-key-inner': foreignKey('inner'),
  'join-foreign-key-left': foreignKey('left'),
}
