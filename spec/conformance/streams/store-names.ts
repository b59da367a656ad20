import type { Params } from './scenario.ts'

/** The named stores whose contents a scenario of this topology shows, in the order in which a file has them. */
export function storeNames(topology: string, params: Params): string[] {
  if (topology.startsWith('window-')) return ['windows']
  return STORES[topology]?.(params) ?? []
}

type Names = (params: Params) => string[]

const always =
  (...names: string[]): Names =>
  () =>
    names
const joined: Names = ({ materialize }) => (materialize === true ? ['joined'] : [])
/** Both tables have a store of their own only when they are versioned. */
const tableTable: Names = (params) => [
  ...(typeof params.historyMs === 'number' ? ['left', 'right'] : []),
  ...joined(params),
]

const STORES: Readonly<Record<string, Names>> = {
  'select-key-then-group-count': always('counts'),
  count: always('counts'),
  reduce: always('reduced'),
  aggregate: always('aggregates'),
  'table-group-by-aggregate': always('table', 'groups'),
  cogroup: always('cogrouped'),
  'cogroup-tumbling': always('windows'),
  'join-stream-table-inner': always('table'),
  'join-stream-table-left': always('table'),
  'join-stream-table-inner-grace': always('table'),
  'join-stream-table-left-grace': always('table'),
  'join-stream-global-table-inner': always('global'),
  'join-stream-global-table-left': always('global'),
  'join-table-table-inner': tableTable,
  'join-table-table-left': tableTable,
  'join-table-table-outer': tableTable,
  'join-foreign-key-inner': joined,
  'join-foreign-key-left': joined,
  'table-source': ({ materialize }) => (materialize === true ? ['table'] : []),
  'table-filter': ({ materializeSource, materialize }) => [
    ...(materializeSource === true ? ['table'] : []),
    ...(materialize === true ? ['filtered'] : []),
  ],
  'table-map-values': ({ materialize }) => (materialize === true ? ['mapped'] : []),
  'table-to-stream': always('table'),
  'stream-to-table': always('table'),
  'table-suppress-limit': always('table'),
  'table-materialized-store': always('table'),
  'table-versioned-as-of': always('versioned'),
  'punctuate-stream-time': always('counts'),
  'punctuate-wall-clock': always('counts'),
  'transform-with-store': always('last'),
  'dedupe-window': always('seen'),
  'merge-arrival-order': always('seq'),
}
