import type { Comparator } from './comparators.ts'
import { compareOutputs } from './compare-outputs.ts'
import { compareStores } from './compare-stores.ts'
import type { Answer, Input } from './scenario.ts'

export interface Expected extends Answer {
  readonly inputs: readonly Input[]
}

/** The first difference, outputs before stores, as a text: at which input, what was expected, what came. */
export function compare(expected: Expected, actual: Answer, comparator: Comparator): string | undefined {
  return compareOutputs(expected, actual, comparator) ?? compareStores(expected.stores, actual.stores)
}
