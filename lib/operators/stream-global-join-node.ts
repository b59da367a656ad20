import type { StreamGlobalJoinNode } from '../topology/join-nodes.ts'
import { type Entered, type GlobalTable, type StepOptions, Stream } from '../topology/stream.ts'

/** The global table is no parent: its rows are everywhere, and cause no results. */
export function joinedWithGlobal<K, V, R>(
  type: StreamGlobalJoinNode['type'],
  name: string,
  global: GlobalTable<unknown, unknown>,
  by: unknown,
  join: unknown,
  options: StepOptions | undefined,
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  const said = {
    kind: 'streamGlobalJoin',
    name,
    type,
    global: global.node,
    by: by as StreamGlobalJoinNode['by'],
    join: join as StreamGlobalJoinNode['join'],
  } as const
  return (stream) => new Stream(stream.add(said, options), stream.graph)
}
