import { MillraceError } from '../../errors.ts'
import type { TableReader } from '../../ports.ts'
import { connectorFor, serdesOf } from '../../runtime/open.ts'
import type { TableTarget } from '../../table/table.ts'
import { isTopic, type SinkNode } from '../../topology/nodes.ts'
import { shadowOf, sinkName, sinksOf } from '../shadow.ts'
import { type NamedShadow, requireShadow, tableResource } from '../shadow-record.ts'
import { ComparedSink, type Difference } from './compared-sink.ts'
import type { DiffSide } from './diff-row.ts'
import { overlaid } from './overlaid-side.ts'
import type { StoredEntry } from './stored-entry.ts'
import { tableSide } from './table-side.ts'
import { TopicSide } from './topic-side.ts'

export interface DiffOptions extends NamedShadow {
  readonly tables: Readonly<Record<string, TableReader>>
  /** Where what does not fit into memory goes. */
  readonly folder: string
  /** Whether Cassandra is asked when its rows were written, a WRITETIME a cell. Others say it unasked. Default false. */
  readonly clocks?: boolean
  /** What counts instead of what the shadow holds, by the live sink's name: of these keys alone. */
  readonly instead?: (sink: string) => AsyncIterable<StoredEntry>
}

/**
 * Every sink of a topology beside its shadow, one after the other. Memory is bounded, whatever their size. What is
 * written meanwhile is seen or not.
 *
 * @throws MillraceError `MISSING` where there is no such shadow, `CONTRACT` for a live table that is not as the file
 * says.
 */
export async function* comparedSinks(options: DiffOptions): AsyncGenerator<ComparedSink> {
  const { topology, name, folder, instead } = options
  await requireShadow(options)
  const shadows = sinksOf(shadowOf(topology, name))
  for (const [index, node] of sinksOf(topology).entries()) {
    const shadow = await sideOf(shadows[index]!, options)
    if (shadow === undefined) {
      throw new MillraceError(
        'MISSING',
        `${sinkName(shadows[index]!)} of shadow "${name}" is not there: \`millrace replay FILE --into ${name}\` makes it`,
      )
    }
    const said = instead === undefined ? shadow : overlaid(shadow, instead(sinkName(node)))
    yield new ComparedSink({ node, live: await sideOf(node, options), shadow: said, folder })
  }
}

/** The differences of all sinks. */
export async function* differencesOf(options: DiffOptions): AsyncGenerator<Difference> {
  for await (const sink of comparedSinks(options)) yield* sink.differences()
}

/** Undefined where it is not there. */
async function sideOf(node: SinkNode, options: DiffOptions): Promise<DiffSide | undefined> {
  const { environment, tables, clocks = false } = options
  const { target } = node
  if (isTopic(target)) {
    const found = await environment.broker.admin.topics([target.name])
    if (found.length === 0) return undefined
    return new TopicSide(environment.broker, target.name, serdesOf(target, environment))
  }
  const state = await tableResource(target, environment).inspect()
  if (state === 'missing') return undefined
  if (state !== 'present') {
    throw new MillraceError(
      'CONTRACT',
      `${sinkName(node)} is not as the file says: ${state.differs}; change the table, and compare again`,
      { step: node.name },
    )
  }
  return tableSide(connectorFor(tables, target.connector, node.name), target as TableTarget, clocks)
}
