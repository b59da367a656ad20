import table from '../../golden/comparators.json' with { type: 'json' }

/**
 * How much order means among the outputs of one input to one topic: all of it (`exact`), that of each key (`per-key`; a
 * windowed key is one key), none (`multiset`).
 */
export type Comparator = 'exact' | 'per-key' | 'multiset'

const COMPARATORS: readonly Comparator[] = ['exact', 'per-key', 'multiset']

const byTopology: ReadonlyMap<string, Comparator> = new Map(
  COMPARATORS.flatMap((comparator) => table[comparator].map((topology) => [topology, comparator] as const)),
)

/** Every topology id that there are scenarios for, built yet or not. */
export const TOPOLOGY_IDS: readonly string[] = [...byTopology.keys()].sort()

/** Throws for an id that is in no list. */
export function comparatorOf(topology: string): Comparator {
  const comparator = byTopology.get(topology)
  if (comparator === undefined) throw new Error(`comparators.json has no rule for the topology '${topology}'`)
  return comparator
}
