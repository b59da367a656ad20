import type { TableReader } from '../ports.ts'
import type { Position } from '../record.ts'
import type { Environment } from '../runtime/environment.ts'
import { connectorFor, open, serdesOf } from '../runtime/open.ts'
import type { TableTarget } from '../table/table.ts'
import { isTopic, type SinkNode, type SourceNode, type Topology } from '../topology/nodes.ts'
import { columnsOfSink, rowKey } from './columns.ts'
import { compare, compareSets } from './compare.ts'
import { type Expected, expectedOf, originOf } from './expected.ts'
import { KeyTable } from './key-table.ts'
import type { Checked } from './report.ts'
import { addRecords, eachBatch, rangesBeyond, rangesOf } from './topic-tables.ts'

/** Which raw record of several with equal content led to a row is not decided by content. */
const LINEAGE: ReadonlySet<string> = new Set(['source'])

/** A verification reads tables besides what a worker needs. */
export interface VerifyEnvironment extends Environment {
  readonly tables: Readonly<Record<string, TableReader>>
}

export interface TopologyHops {
  readonly hops: readonly Checked[]
  /** Records of the source beyond the given positions. */
  readonly pending: number
}

/**
 * The sinks and dead letters of a topology, against what its source holds up to the group's positions. Keys of
 * records beyond them are on their way, so that the rows of these may be old or new while a worker runs.
 *
 * @param positions the group's, read before anything else
 */
export async function verifyTopology(
  topology: Topology,
  environment: VerifyEnvironment,
  positions: readonly Position[],
): Promise<TopologyHops> {
  const { broker } = environment
  const opened = await open(topology, topology.name, environment)
  try {
    const { topic } = topology.nodes.find((node): node is SourceNode => node.kind === 'source')!
    const passed = await rangesOf(broker, topic.name, positions)
    const expected = await expectedOf(topology, opened, environment, passed)
    const actual = new Map<SinkNode, KeyTable>()
    for (const node of expected.sinks.keys()) actual.set(node, await readSink(node, environment))
    const letters = await readLetters(topology, environment)
    // Read behind the sinks: whatever they hold came from before these ends.
    const ends = await rangesBeyond(broker, topic.name, positions)
    const moving = await expectedOf(topology, opened, environment, ends)
    return { hops: [...compareSinks(expected, actual, moving), lettersHop()], pending: moving.records }

    function lettersHop(): Checked {
      const hop = topology.deadLetters.topic
      const findings = compareSets(hop, expected.letters, letters.origins, moving.letters)
      const keys = letters.origins.size
      return { hop, records: letters.records, keys, duplicates: letters.records - keys, findings }
    }
  } finally {
    await opened.close()
  }
}

function compareSinks(
  expected: Expected,
  actual: ReadonlyMap<SinkNode, KeyTable>,
  moving: Expected,
): Checked[] {
  return [...expected.sinks].map(([node, should]) => {
    const is = actual.get(node)!
    const hop = node.target.name
    const findings = compare(hop, should, is, { ignored: LINEAGE, moving: moving.sinks.get(node) })
    return { hop, ...countsOf(is), findings }
  })
}

export function countsOf({ records, size }: KeyTable): Pick<Checked, 'records' | 'keys' | 'duplicates'> {
  return { records, keys: size, duplicates: records - size }
}

async function readSink(node: SinkNode, environment: VerifyEnvironment): Promise<KeyTable> {
  const { target } = node
  const table = new KeyTable(columnsOfSink(node))
  if (isTopic(target)) {
    const { broker } = environment
    const serdes = serdesOf(target, environment)
    await eachBatch(broker, await rangesOf(broker, target.name), (batch) => addRecords(table, serdes, batch))
    return table
  }
  const reader = connectorFor(environment.tables, target.connector, node.name)
  for await (const { value } of reader.readTable(target)) {
    table.add(rowKey(target as TableTarget, value), 0, value)
  }
  return table
}

async function readLetters({ deadLetters }: Topology, { broker }: VerifyEnvironment) {
  const origins = new Set<string>()
  let records = 0
  await eachBatch(broker, await rangesOf(broker, deadLetters.topic), (batch) => {
    records += batch.length
    for (const record of batch) origins.add(originOf(record))
  })
  return { origins, records }
}
