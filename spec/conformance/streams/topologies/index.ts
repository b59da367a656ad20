import type { Topology } from '../../../../lib/index.ts'
import type { Params } from '../scenario.ts'
import { AGGREGATIONS } from './aggregations.ts'
import { PROCESSORS } from './processors.ts'
import { STATELESS } from './stateless.ts'
import { STREAM_JOINS } from './stream-joins.ts'
import { SUPPRESS } from './suppress.ts'
import { TABLE_JOINS } from './table-joins.ts'
import { TABLES } from './tables.ts'
import { WINDOWS } from './windows.ts'

export type Build = (params: Params) => Topology

/** By the id that scenarios name: what they run through, built from a scenario's `params`. */
export const TOPOLOGIES: Readonly<Record<string, Build>> = {
  ...STATELESS,
  ...AGGREGATIONS,
  ...WINDOWS,
  ...SUPPRESS,
  ...PROCESSORS,
  ...STREAM_JOINS,
  ...TABLE_JOINS,
  ...TABLES,
}
