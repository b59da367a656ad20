import { count, json, sink, type Topology, topic, topology, toStream } from '../../../lib/index.ts'
import { NO_HEADERS, type OutRecord } from '../../../lib/record.ts'

export const PARTITIONS = 12
/** Over all partitions. */
const KEYS = 600

/** Names of one run, so that runs may share a broker. */
export function names(run: string) {
  return { application: `${run}-scale-out`, clicks: `${run}.clicks`, counts: `${run}.counts` }
}

/** Twelve tasks, each with a count of its own. */
export function said(run: string): Topology {
  const { application, clicks, counts } = names(run)
  return topology(application, ({ source }) => {
    source('clicks', topic(clicks, { value: json<number>(), partitions: PARTITIONS })).pipe(
      count('per-key'),
      toStream('updates'),
      sink('counts', topic(counts, { value: json<number | null>(), partitions: PARTITIONS })),
    )
  })
}

/** The n-th click: all keys in turn, each with its own partition. */
export function click(run: string, n: number): OutRecord {
  const key = n % KEYS
  const value = Buffer.from(String(n))
  const partition = key % PARTITIONS
  return {
    ...{ topic: names(run).clicks, partition, key: Buffer.from(keyOf(key)), value },
    ...{ timestamp: 1_700_000_000_000 + n, headers: NO_HEADERS },
  }
}

/** What so many clicks come to. */
export function counted(clicks: number): Map<string, number> {
  const keys = Array.from({ length: KEYS }, (_, key) => key).filter((key) => key < clicks)
  return new Map(keys.map((key) => [keyOf(key), Math.floor((clicks - 1 - key) / KEYS) + 1]))
}

function keyOf(key: number): string {
  return `key-${key}`
}
