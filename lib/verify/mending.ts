import { place } from '../errors.ts'
import type { OutRecord } from '../record.ts'
import type { Environment } from '../runtime/environment.ts'
import type { TableTarget } from '../table/table.ts'
import { isTopic } from '../topology/nodes.ts'
import { gonePart } from './causes.ts'
import { keyValues } from './columns.ts'
import type { Finding } from './findings.ts'
import { mendRow, type Outcome, type Should } from './mend.ts'
import type { Wanted } from './recompute.ts'
import { repairOf } from './repair-of.ts'
import type { CheckedSink } from './topology-hops.ts'

/** How findings of one sink are mended. */
export interface Mending {
  /** Why this one can't be; undefined if it can. */
  leaves(finding: Finding): string | undefined
  would(finding: Finding): string
  mend(finding: Finding, wanted: Wanted | undefined): Promise<Outcome>
  close(): Promise<void>
}

export function mendingOf(sink: CheckedSink, environment: Environment): Promise<Mending> {
  return isTopic(sink.node.target) ? records(environment) : rows(sink, environment)
}

async function rows({ flow, node }: CheckedSink, environment: Environment): Promise<Mending> {
  const target = node.target as TableTarget
  const repair = await repairOf(flow, node, environment)
  const gone = await gonePart(environment, flow.topic)
  return {
    leaves: ({ kind, key }) => {
      if (repair === undefined) return `rows of ${target.connector} can't be mended`
      if (keyValues(target, key) === undefined) return 'a part of its key holds a slash: mend it by hand'
      if (kind !== 'too many' || gone === undefined) return undefined
      return `its record may be one that ${gone}: delete it by hand if it should not be there`
    },
    would: ({ kind }) => (kind === 'too many' ? 'delete the row' : 'write the row anew'),
    mend: async ({ kind, key }, wanted) => {
      if (wanted === undefined && kind !== 'too many') return GONE
      if (wanted !== undefined && kind === 'too many') return MOVED
      const values = wanted ? target.key.map((column) => wanted.value[column]) : keyValues(target, key)!
      const should: Should = wanted
        ? { value: columnsOf(target, wanted.value), timestamp: wanted.timestamp }
        : { value: null, timestamp: 0 }
      return mendRow(repair!, values, should)
    },
    close: async () => {},
  }
}

const GONE: Outcome = { outcome: 'left', how: 'nothing leads to it any more: verify again' }
const WRITTEN: Outcome = { outcome: 'mended', how: 'live has written a newer record of it since' }
const MOVED: Outcome = { outcome: 'left', how: 'a record leads to it by now: verify again' }

async function records({ broker }: Environment): Promise<Mending> {
  const producer = await broker.producer({ clientId: 'millrace-verify' })
  const send = async (record: OutRecord): Promise<Outcome> => {
    await producer.send([record])
    return { outcome: 'mended', how: 'written again, at its own time' }
  }
  return {
    leaves: ({ kind, cure }) =>
      kind === 'missing' ? undefined : (cure ?? 'a topic keeps what was written to it'),
    would: () => 'write the record again',
    mend: async ({ record }, wanted) => {
      if (wanted?.record === undefined) return GONE
      return place(wanted.raw) === record ? send(wanted.record) : WRITTEN
    },
    close: () => producer.close(),
  }
}

/** A row holds what has a column, and null where there is nothing. */
function columnsOf({ columns }: TableTarget, value: Wanted['value']): Wanted['value'] {
  return Object.fromEntries(Object.keys(columns).map((column) => [column, value[column] ?? null]))
}
