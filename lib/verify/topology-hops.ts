import type { Range } from '../broker/broker.ts'
import type { TableReader } from '../ports.ts'
import type { Position } from '../record.ts'
import type { Environment } from '../runtime/environment.ts'
import { connectorFor, open, serdesOf } from '../runtime/open.ts'
import type { TableTarget } from '../table/table.ts'
import { withGuarantee } from '../topology/guarantee.ts'
import { isTopic, type SinkNode, type Topology } from '../topology/nodes.ts'
import { type SubTopology, subTopologiesOf } from '../topology/sub-topologies.ts'
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
  /** Records of the sources beyond the given positions. */
  readonly pending: number
}

/** What leads from one source of the topology to its sinks. */
interface Flow {
  readonly sub: SubTopology
  readonly topic: string
}

/**
 * The sinks and dead letters of a topology, against what its sources hold up to the group's positions: the sinks that
 * follow from one source without a repartition topic between, whatever the guarantee has put there. Keys of records
 * beyond the positions are on their way, so that the rows of these may be old or new while a worker runs.
 *
 * @param positions the group's in all sources, read before anything else
 */
export async function verifyTopology(
  said: Topology,
  environment: VerifyEnvironment,
  positions: readonly Position[],
): Promise<TopologyHops> {
  const { broker } = environment
  const topology = withGuarantee(said, 'at-least-once')
  const opened = await open(topology, topology.name, environment)
  const expectedIn = ({ sub }: Flow, ranges: readonly Range[]) =>
    expectedOf(topology, sub, opened, environment, ranges)
  try {
    const checked: Checked[] = []
    const should = new Set<string>()
    const may = new Set<string>()
    let pending = 0
    for (const flow of flowsOf(topology)) {
      const own = positions.filter(({ topic }) => topic === flow.topic)
      const expected = await expectedIn(flow, await rangesOf(broker, flow.topic, own))
      const actual = new Map<SinkNode, KeyTable>()
      for (const node of expected.sinks.keys()) actual.set(node, await readSink(node, environment))
      // Read behind the sinks: whatever they hold came from before these ends.
      const moving = await expectedIn(flow, await rangesBeyond(broker, flow.topic, own))
      checked.push(...compareSinks(expected, actual, moving))
      for (const letter of expected.letters) should.add(letter)
      for (const letter of moving.letters) may.add(letter)
      pending += moving.records
    }
    return { hops: [...checked, await lettersHop(topology, environment, should, may)], pending }
  } finally {
    await opened.close()
  }
}

function flowsOf(topology: Topology): Flow[] {
  return subTopologiesOf(topology).flatMap((sub) => {
    const [input, ...others] = sub.inputs
    return input?.kind === 'source' && others.length === 0 ? [{ sub, topic: input.topic.name }] : []
  })
}

async function lettersHop(
  topology: Topology,
  environment: VerifyEnvironment,
  should: ReadonlySet<string>,
  may: ReadonlySet<string>,
): Promise<Checked> {
  const hop = topology.deadLetters.topic
  const { origins, records } = await readLetters(topology, environment)
  const findings = compareSets(hop, should, origins, may)
  return { hop, records, keys: origins.size, duplicates: records - origins.size, findings }
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
