import { NO_HEADERS, type OutRecord, type RawRecord } from '../../../lib/record.ts'

export const PARTITIONS = 4
/** Each key lies in one partition of the source; every partition of the target gets keys from all of them. */
const KEYS = 400
const PADDING = 'x'.repeat(80)

/** Names of one run, so that runs may share a broker. */
export interface Names {
  readonly source: string
  readonly target: string
  readonly group: string
  /** What transactional ids begin with. */
  readonly writer: string
}

/** Record n of the source: its number, padded. */
export function numbered(topic: string, n: number): OutRecord {
  const key = n % KEYS
  return {
    topic,
    partition: key % PARTITIONS,
    key: Buffer.from(`key-${key}`),
    value: Buffer.from(String(n).padStart(8, '0') + PADDING),
    timestamp: 1_700_000_000_000 + n,
    headers: NO_HEADERS,
  }
}

export function numberIn(record: Pick<RawRecord, 'value'>): number {
  return Number.parseInt(record.value!.toString('latin1', 0, 8), 10)
}

/** What is wrong with the copies of records 0 to `records` − 1, found in the order of each partition. */
export function faultsOf(partitions: readonly (readonly number[])[], records: number): Faults {
  const seen = new Uint8Array(records)
  const newest = new Map<number, number>()
  let [duplicated, disordered] = [0, 0]
  for (const n of partitions.flat()) {
    if (seen[n]!++ > 0) duplicated++
    const key = n % KEYS
    if (n < (newest.get(key) ?? -1)) disordered++
    newest.set(key, n)
  }
  return { lost: seen.filter((times) => times === 0).length, duplicated, disordered }
}

export interface Faults {
  readonly lost: number
  readonly duplicated: number
  /** Behind a later record of its key. */
  readonly disordered: number
}
