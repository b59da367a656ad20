import type { Range } from '../broker/broker.ts'
import { headerOf, type OutRecord } from '../record.ts'
import { DEAD_LETTER } from '../runtime/dead-letters.ts'
import type { Environment } from '../runtime/environment.ts'
import { GENERATION } from '../runtime/generation-header.ts'
import type { SinkNode } from '../topology/nodes.ts'
import { BucketedTable } from './bucketed-table.ts'
import { columnsOfSink } from './columns.ts'
import { type Flow, recompute } from './recompute.ts'
import type { SpillFolder } from './spill-folder.ts'

/** What a flow wants written for a range of its source, by sink; and its dead letters by their origin. */
export interface Expected {
  readonly sinks: ReadonlyMap<SinkNode, BucketedTable>
  readonly records: number
}

/** Dead letters are compared by where they come from, and by the record they keep. */
export const LETTER_COLUMNS: readonly string[] = ['value', GENERATION]

/** Adds the flow's dead letters to `letters`. */
export async function expectedOf(
  flow: Flow,
  environment: Environment,
  ranges: readonly Range[],
  letters: BucketedTable,
  folder: SpillFolder,
): Promise<Expected> {
  const sinks = new Map(
    flow.sub.steps.flatMap((node) =>
      node.kind === 'sink' ? [[node, new BucketedTable(columnsOfSink(node), folder)] as const] : [],
    ),
  )
  const records = await recompute(flow, environment, ranges, {
    letter: (letter) => addLetter(letters, letter),
    wanted: ({ node, key, timestamp, value, raw }) => sinks.get(node)?.add(key, timestamp, value, raw),
  })
  return { sinks, records }
}

export function addLetter(
  letters: BucketedTable,
  letter: Pick<OutRecord, 'headers' | 'value' | 'timestamp'>,
): void {
  letters.add(originOf(letter), letter.timestamp, {
    value: letter.value?.toString('base64'),
    [GENERATION]: headerOf(letter.headers, GENERATION)?.toString(),
  })
}

/** Where the record of a dead letter came from, as `topic/partition/offset`. */
export function originOf({ headers }: Pick<OutRecord, 'headers'>): string {
  return [DEAD_LETTER.topic, DEAD_LETTER.partition, DEAD_LETTER.offset]
    .map((name) => headerOf(headers, name))
    .join('/')
}
