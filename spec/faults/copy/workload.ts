import { json, sink, type Topology, topic, topology } from '../../../lib/index.ts'
import { NO_HEADERS, type OutRecord } from '../../../lib/record.ts'
import type { ShownRecord } from '../../support/console-consumer.ts'
import type { Numbered } from '../support/judge.ts'

export const PARTITIONS = 4
const KEYS = 40

/** Names of one run, so that runs may share a broker. */
export function names(run: string) {
  return { application: `${run}-copy`, input: `${run}.in`, output: `${run}.out` }
}

/** A copy of every record, exactly once. */
export function said(run: string): Topology {
  const { application, input, output } = names(run)
  const numbers = (name: string) => topic(name, { value: json<number>(), partitions: PARTITIONS })
  return topology(
    application,
    ({ source }) => {
      source('in', numbers(input)).pipe(sink('out', numbers(output)))
    },
    { guarantee: 'exactly-once' },
  )
}

/** Record n of a numbered input: the numbers of a key rise, and a key has one partition. */
export function numbered(run: string, n: number): OutRecord {
  const key = n % KEYS
  return {
    topic: names(run).input,
    partition: key % PARTITIONS,
    key: Buffer.from(`key-${key}`),
    value: Buffer.from(String(n)),
    timestamp: 1_700_000_000_000 + n,
    headers: NO_HEADERS,
  }
}

export function expected(records: number): Numbered[] {
  return Array.from({ length: records }, (_, n) => ({ key: `key-${n % KEYS}`, n }))
}

/** As a reader saw them: by partition, in the order of offsets. */
export function numbersOf(shown: readonly ShownRecord[]): Numbered[] {
  return shown.map(({ key, value }) => ({ key: String(key), n: Number(value) }))
}
