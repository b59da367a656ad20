import { RedrivenLetters } from '../deployed/redriven-letters.ts'
import type { SinkConnector, TableReader } from '../ports.ts'
import type { Position } from '../record.ts'
import type { Environment } from '../runtime/environment.ts'
import { GENERATION } from '../runtime/generation-header.ts'
import { connectorFor, serdesOf } from '../runtime/open.ts'
import type { TableTarget } from '../table/table.ts'
import { isTopic, type SinkNode, type Topology } from '../topology/nodes.ts'
import { BucketedTable } from './bucketed-table.ts'
import { explainLetters, explainSink } from './causes.ts'
import { columnsOfSink, rowKey } from './columns.ts'
import { compareTables } from './compare.ts'
import { addLetter, expectedOf, LETTER_COLUMNS } from './expected.ts'
import type { Findings } from './findings.ts'
import type { Flows } from './flows.ts'
import { beginningsOf, isWithin, type Period } from './period.ts'
import type { Flow } from './recompute.ts'
import { type Checked, checkedOf } from './report.ts'
import type { SpillFolder } from './spill-folder.ts'
import { addRecords, eachBatch, rangesOf } from './topic-tables.ts'

/** Which raw record of several with equal content led to a row is not decided by content; nor which version did. */
const LINEAGE: ReadonlySet<string> = new Set(['source', GENERATION])

/** A verification reads tables besides what a worker needs. */
export interface VerifyEnvironment extends Environment {
  readonly tables: Readonly<Record<string, TableReader>>
  readonly sinks: Readonly<Record<string, SinkConnector>>
}

export interface Verification {
  /** The group's in all sources, read before anything else. */
  readonly positions: readonly Position[]
  readonly period: Period
  /** For what does not fit into memory. */
  readonly folder: SpillFolder
}

export interface TopologyHops {
  readonly hops: readonly Checked[]
  /** Records of the sources beyond the given positions. */
  readonly pending: number
  /** What was found in each sink, by what leads there. */
  readonly sinks: readonly CheckedSink[]
}

export interface CheckedSink {
  readonly flow: Flow
  readonly node: SinkNode
  readonly found: Findings
}

/**
 * The sinks and dead letters of a topology, against what its sources hold up to the group's positions. Keys of records
 * beyond the positions are on their way, so that the rows of these may be old or new while a worker runs.
 */
export async function verifyTopology(
  { topology, flows }: Flows,
  environment: VerifyEnvironment,
  verification: Verification,
): Promise<TopologyHops> {
  const { folder } = verification
  const letters: Letters = {
    should: new BucketedTable(LETTER_COLUMNS, folder),
    may: new BucketedTable(LETTER_COLUMNS, folder),
  }
  const hops: Checked[] = []
  const sinks: CheckedSink[] = []
  let pending = 0
  for (const flow of flows) {
    const checked = await verifyFlow(flow, environment, verification, letters)
    hops.push(...checked.hops)
    sinks.push(...checked.sinks)
    pending += checked.pending
  }
  return { hops: [...hops, await lettersHop(topology, environment, verification, letters)], pending, sinks }
}

/** Dead letters that should be there, but for what has been redriven, and those of records that are on their way. */
interface Letters {
  readonly should: BucketedTable
  readonly may: BucketedTable
}

async function verifyFlow(
  flow: Flow,
  environment: VerifyEnvironment,
  { positions, period, folder }: Verification,
  letters: Letters,
): Promise<TopologyHops> {
  const { broker } = environment
  const own = positions.filter(({ topic }) => topic === flow.topic)
  const from = await beginningsOf(broker, flow.topic, period)
  const behind = await rangesOf(broker, flow.topic, { from, to: own })
  const expected = await expectedOf(flow, environment, behind, letters.should, folder)
  const actual = new Map<SinkNode, BucketedTable>()
  for (const node of expected.sinks.keys())
    actual.set(node, await readSink(node, environment, period, folder))
  // Read behind the sinks: whatever they hold came from before these ends.
  const ahead = await rangesOf(broker, flow.topic, { from: own })
  const moving = await expectedOf(flow, environment, ahead, letters.may, folder)
  const hops: Checked[] = []
  const sinks: CheckedSink[] = []
  for (const [node, should] of expected.sinks) {
    const hop = node.target.name
    const is = actual.get(node)!
    const { found, keys } = compareTables(hop, should, is, {
      ignored: LINEAGE,
      moving: moving.sinks.get(node),
      within: isWithin(period),
      duplicates: isTopic(node.target),
    })
    const explained = await explainSink(flow, node, environment, found)
    hops.push(checkedOf(hop, is.records, keys.actual, explained))
    sinks.push({ flow, node, found: explained })
    for (const table of [should, is, moving.sinks.get(node)!]) table.drop()
  }
  return { hops, sinks, pending: moving.records }
}

async function lettersHop(
  { deadLetters }: Topology,
  { broker }: VerifyEnvironment,
  { period, folder }: Verification,
  { should, may }: Letters,
): Promise<Checked> {
  const hop = deadLetters.topic
  const actual = new BucketedTable(LETTER_COLUMNS, folder)
  const from = await beginningsOf(broker, hop, period)
  const redriven = await RedrivenLetters.read(broker, hop)
  await eachBatch(broker, await rangesOf(broker, hop, { from }), (batch) => {
    for (const record of batch) if (!redriven.has(record)) addLetter(actual, record)
  })
  const within = isWithin(period)
  const { found, keys } = compareTables(hop, should, actual, {
    ignored: LINEAGE,
    moving: may,
    within,
    duplicates: true,
  })
  return checkedOf(hop, actual.records, keys.actual, await explainLetters(found))
}

async function readSink(
  node: SinkNode,
  environment: VerifyEnvironment,
  period: Period,
  folder: SpillFolder,
): Promise<BucketedTable> {
  const { target } = node
  const table = new BucketedTable(columnsOfSink(node), folder)
  if (isTopic(target)) {
    const { broker } = environment
    const serdes = serdesOf(target, environment)
    const from = await beginningsOf(broker, target.name, period)
    const ranges = await rangesOf(broker, target.name, { from })
    await eachBatch(broker, ranges, (batch) => addRecords(table, serdes, batch))
    return table
  }
  const reader = connectorFor(environment.tables, target.connector, node.name)
  // To read when every cell was written takes longer than to read the cells.
  const timed = period.from !== undefined || period.to !== undefined
  for await (const { value, clock } of reader.readTable(target, { clock: timed })) {
    const written = clock === null || !timed ? 0 : Math.floor(clock / 1000)
    table.add(rowKey(target as TableTarget, value), written, value)
  }
  return table
}
