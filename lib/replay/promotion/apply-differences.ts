import { MillraceError } from '../../errors.ts'
import type { OutRecord } from '../../record.ts'
import type { Environment } from '../../runtime/environment.ts'
import { withGeneration } from '../../runtime/generation-header.ts'
import { connectorFor } from '../../runtime/open.ts'
import type { TableTarget } from '../../table/table.ts'
import { isTopic, type SinkNode } from '../../topology/nodes.ts'
import { mendRow } from '../../verify/mend.ts'
import type { ComparedSink, Difference } from '../diff/compared-sink.ts'
import { kindOf } from '../diff/shown-difference.ts'
import { sinkName } from '../shadow.ts'
import { chunks } from './chunks.ts'
import type { Journal } from './journal.ts'

/** Rows that are written at the same time: each takes some statements, one after another. */
const AT_A_TIME = 32

export interface Applying {
  readonly environment: Environment
  /** The live one: the clock is its own. */
  readonly application: string
  readonly generation: number
  readonly journal: Journal
}

/** What was done to a live sink. */
export interface AppliedSink {
  readonly sink: string
  readonly added: number
  readonly changed: number
  readonly removed: number
  /** Keys that the other side does not have, in a topic that is not compacted: nothing there says that one is no more. */
  readonly kept: number
  /** Records whose key can't be read: they are as they were. */
  readonly unreadable: number
}

/**
 * Makes live sinks what the others are: each row at its own record's time under this generation, or above what is newer;
 * what the others do not have is deleted at its own time. In topics the newest record of each such key comes again,
 * marked with the generation; what is not there is deleted where they are compacted. What was done before is no
 * difference any more: it can be killed and done again.
 *
 * @throws MillraceError `WRITE` for what a server would not take.
 */
export async function applyDifferences(
  sinks: AsyncIterable<ComparedSink>,
  applying: Applying,
): Promise<AppliedSink[]> {
  const applied: AppliedSink[] = []
  for await (const sink of sinks) {
    const counts = { added: 0, changed: 0, removed: 0, kept: 0 }
    const write = await writerOf(sink.node, applying)
    for await (const some of chunks(sink.differences())) {
      const due = some.filter(canBeWritten)
      await write(due)
      counts.kept += some.length - due.length
      for (const difference of due) {
        const kind = kindOf(difference)
        counts[kind === 'missing' ? 'removed' : kind]++
      }
    }
    applied.push({ sink: sinkName(sink.node), ...counts, unreadable: sink.unreadable })
  }
  return applied
}

/** A record without a value deletes its key where a topic is compacted; elsewhere readers would not know what it is. */
function canBeWritten({ sink: { target }, live, shadow }: Difference): boolean {
  if (!isTopic(target) || shadow !== null) return true
  return live!.record!.key !== null && target.config['cleanup.policy']?.includes('compact') === true
}

type Write = (differences: readonly Difference[]) => Promise<void>

function writerOf(node: SinkNode, applying: Applying): Promise<Write> | Write {
  if (!isTopic(node.target)) return rows(node, applying)
  const { name } = node.target
  return (some) => applying.journal.write(some.map((one) => recordOf(one, name, applying.generation)))
}

/** At its own time: it is the newest by its generation. */
function recordOf({ live, shadow }: Difference, topic: string, generation: number): OutRecord {
  const { key, headers, value, timestamp } = shadow?.record ?? { ...live!.record!, value: null }
  return {
    ...{ topic, partition: (live ?? shadow)!.record!.partition, key, value },
    timestamp,
    headers: withGeneration(headers, generation),
  }
}

async function rows(
  { name: step, target }: SinkNode,
  { environment, application, generation, journal }: Applying,
): Promise<Write> {
  const table = target as TableTarget
  const connector = connectorFor(environment.sinks, table.connector, step)
  const repair = await connector.repair?.(table, { application, step })
  if (repair === undefined) {
    throw new MillraceError('CONFIG', `rows of ${table.connector} can't be written one by one`, { step })
  }
  const raised = { ...repair, generation }
  const writeOne = async ({ key, live, shadow }: Difference) => {
    const values = table.key.map((column) => (shadow ?? live)!.value[column])
    const timestamp = Math.floor((shadow?.clock ?? 0) / 1000)
    const { outcome, how } = await mendRow(raised, values, { value: shadow?.value ?? null, timestamp })
    if (outcome === 'mended') return
    throw new MillraceError('WRITE', `row ${key} of table ${table.name} is left as it was: ${how}`, { step })
  }
  return async (some) => {
    // Tables know no fencing: who has lost the journal stops here.
    await journal.hold()
    for (let from = 0; from < some.length; from += AT_A_TIME) {
      await Promise.all(some.slice(from, from + AT_A_TIME).map(writeOne))
    }
  }
}
