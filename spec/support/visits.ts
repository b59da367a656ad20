import {
  count,
  json,
  keyBy,
  sink,
  type Topology,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'

export interface Visit {
  readonly country: string
}

const COUNTRIES = ['de', 'fr', 'it', 'es', 'pt']

/** The i-th visit: ever later ones, from all countries in turn. */
export function visit(i: number): { readonly value: Visit; readonly timestamp: number } {
  return { value: { country: COUNTRIES[(i * 7) % 5]! }, timestamp: Math.floor(i / 2) }
}

/** `visits` → visits of each country in ten milliseconds, re-keyed across partitions → `counts`. */
export function visitsByCountry(name: string, partitions = 3): Topology {
  const visits = topic('visits', { value: json<Visit>(), partitions })
  const counts = topic('counts', { key: windowedKey(), value: json<number | null>(), partitions })
  return topology(name, ({ source }) => {
    source('visits', visits).pipe(
      keyBy('country', ({ country }) => country),
      window('tens', tumbling(10, { grace: 5 })),
      count('per-country'),
      toStream('updates'),
      sink('out', counts),
    )
  })
}

/** What the first `number` visits come to, by `country@start`. */
export function countedVisits(number: number): Record<string, number> {
  const counted: Record<string, number> = {}
  for (let i = 0; i < number; i++) {
    const { value, timestamp } = visit(i)
    const name = `${value.country}@${timestamp - (timestamp % 10)}`
    counted[name] = (counted[name] ?? 0) + 1
  }
  return counted
}
