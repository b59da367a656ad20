import type { Topology } from '../../../lib/index.ts'
import { count, join, json, keyBy, sink, topic, topology, toStream, within } from '../../../lib/index.ts'
import { NO_HEADERS, type OutRecord } from '../../../lib/record.ts'
import { seededRandom } from '../../../lib/testing/random.ts'

export const PARTITIONS = 2
const KEYS = 40
/** A pair is at most so far apart. Milliseconds. */
export const APART = 5

/** Names of one run, so that runs may share a broker. */
export function names(run: string) {
  return {
    application: `${run}-stateful`,
    clicks: `${run}.clicks`,
    left: `${run}.left`,
    right: `${run}.right`,
    visits: `${run}.visits`,
    counts: `${run}.counts`,
    pairs: `${run}.pairs`,
    perCountry: `${run}.per-country`,
  }
}

/** A count, a join, and a count behind a repartition topic. */
export function said(run: string): Topology {
  const of = names(run)
  const numbers = (name: string) => topic(name, { value: json<number>(), partitions: PARTITIONS })
  const texts = (name: string) => topic(name, { value: json<string>(), partitions: PARTITIONS })
  return topology(of.application, ({ source }) => {
    source('clicks', numbers(of.clicks)).pipe(
      count('clicks-per-key'),
      toStream('click-counts'),
      sink('counts', topic(of.counts, { value: json<number | null>(), partitions: PARTITIONS })),
    )
    const right = source('right', numbers(of.right))
    source('left', numbers(of.left)).pipe(
      // Nothing is forgotten, in whatever order the partitions are read.
      join('pair', right, within({ after: APART, grace: 1_000_000 }), (l, r) => `${l}+${r}`),
      sink('pairs', texts(of.pairs)),
    )
    source('visits', numbers(of.visits)).pipe(
      keyBy('country', (n) => `country-${n % 7}`),
      count('visits-per-country'),
      toStream('visit-counts'),
      sink('per-country', topic(of.perCountry, { value: json<number | null>(), partitions: PARTITIONS })),
    )
  })
}

export interface Input {
  readonly topic: string
  readonly key: string
  readonly value: number
  readonly timestamp: number
}

/** So many records for each input, in the order of time. */
export function inputs(run: string, seed: number, records: number): Input[] {
  const random = seededRandom(seed)
  const { clicks, left, right, visits } = names(run)
  return Array.from({ length: records }, (_, n) => n).flatMap((n) => {
    return [clicks, left, right, visits].map((topic) => {
      return { topic, key: `key-${Math.floor(random() * KEYS)}`, value: n, timestamp: 1_700_000_000_000 + n }
    })
  })
}

export function bytesOf({ topic, key, value, timestamp }: Input): OutRecord {
  return {
    topic,
    key: Buffer.from(key),
    value: Buffer.from(JSON.stringify(value)),
    timestamp,
    headers: NO_HEADERS,
  }
}

/** What an undisturbed run gives, recomputed from the input. */
export interface Expected {
  readonly clicks: ReadonlyMap<string, number>
  readonly visits: ReadonlyMap<string, number>
  readonly pairs: ReadonlySet<string>
}

export function expected(run: string, all: readonly Input[]): Expected {
  const { clicks, left, right, visits } = names(run)
  const of = (name: string) => all.filter(({ topic }) => topic === name)
  const counted = (keys: readonly string[]) =>
    new Map([...Map.groupBy(keys, (key) => key)].map(([key, found]) => [key, found.length]))
  const rights = Map.groupBy(of(right), ({ key }) => key)
  const pairs = of(left).flatMap((l) =>
    (rights.get(l.key) ?? [])
      .filter((r) => Math.abs(l.timestamp - r.timestamp) <= APART)
      .map((r) => `${l.value}+${r.value}`),
  )
  return {
    clicks: counted(of(clicks).map(({ key }) => key)),
    visits: counted(of(visits).map(({ value }) => `country-${value % 7}`)),
    pairs: new Set(pairs),
  }
}
