export const LARGEST_GENERATION = 999

/**
 * What decides between writes of one row whatever their order: record time in ms × 1000 + generation, which is also
 * Cassandra's `USING TIMESTAMP` in microseconds. Undefined for a record time that is
 * no whole number of milliseconds since 1970, or too large to count.
 */
export function writeClock(timestampMs: number, generation: number): number | undefined {
  const clock = timestampMs * 1000 + generation
  return Number.isSafeInteger(timestampMs) && timestampMs >= 0 && Number.isSafeInteger(clock)
    ? clock
    : undefined
}

export interface Clocked {
  /** Identifies the row by its primary key. */
  readonly id: string
  readonly clock: number
}

/**
 * One write per primary key: the one with the largest clock, the later among equals. Cassandra would resolve equal
 * clocks cell by cell and make a row that never was; PostgreSQL takes no row twice in one statement.
 */
export function newestPerKey<W extends Clocked>(writes: readonly W[]): W[] {
  const newest = new Map<string, W>()
  for (const write of writes) {
    const seen = newest.get(write.id)
    if (seen === undefined || write.clock >= seen.clock) newest.set(write.id, write)
  }
  return [...newest.values()]
}
