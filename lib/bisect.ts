/** An item that was refused alone, and why. */
export interface Refused<T, R> {
  readonly item: T
  readonly refusal: R
}

/**
 * Halves what is refused as a whole until each culprit stands alone, in order. `attempt` resolves with a refusal, or
 * with undefined when it has done all of it; it is called at most 2n − 1 times for n items, and for each of k culprits
 * about 2·log₂(n/k) times. What it has done once is not attempted again.
 */
export async function bisect<T, R>(
  items: readonly T[],
  attempt: (part: readonly T[]) => Promise<R | undefined>,
): Promise<Refused<T, R>[]> {
  if (items.length === 0) return []
  const refusal = await attempt(items)
  if (refusal === undefined) return []
  if (items.length === 1) return [{ item: items[0]!, refusal }]
  const middle = items.length >> 1
  const first = await bisect(items.slice(0, middle), attempt)
  return [...first, ...(await bisect(items.slice(middle), attempt))]
}
