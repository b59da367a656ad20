/** A window that a key has already: where it starts, and the largest time of the records in it. */
export interface Held {
  readonly start: number
  readonly timestamp: number
}

/** What a record does to a window. */
export interface Touched<W extends Held> {
  readonly start: number
  /** What the window's content begins from; undefined: from nothing. */
  readonly from: W | undefined
  /** Whether the record itself is added: it opens the window right behind it with what is there of later ones. */
  readonly adds: boolean
}

/**
 * The windows that a record at `time` is in or opens, in Kafka Streams' order. `held` are those of its key that start
 * in [time - 2 * difference, time + 1], the newest first; not all of them need be read.
 *
 * A record exactly `difference` + 1 after its predecessor has one window for two reasons. Kafka Streams then shows it
 * twice, if it comes across the predecessor, and so do we. (KStreamSlidingWindowAggregate#processReverse)
 */
export function slidingWindowsOf<W extends Held>(
  held: Iterable<W>,
  difference: number,
  time: number,
): Touched<W>[] {
  const touched: Touched<W>[] = []
  const starts = new Set<number>()
  /** The newest window that holds the record and what comes after it. */
  let after: W | undefined
  /** The newest window that ended before the record. */
  let before: W | undefined
  let previous: number | undefined
  for (const window of held) {
    const { start } = window
    starts.add(start)
    if (start > time) continue
    if (start + difference < time) {
      before = window
      previous = window.timestamp
      break
    }
    touched.push({ start, from: window, adds: true })
    if (start + difference > time) after ??= window
    else if (window.timestamp < time) previous = window.timestamp
    // There has been a record at this very time, which opened what there is to open.
    else return touched
  }
  if (previous !== undefined && !starts.has(previous + 1) && previous + 1 + difference >= time) {
    touched.push({ start: previous + 1, from: undefined, adds: true })
  }
  const own = time - difference
  if (!starts.has(own)) {
    const from = previous !== undefined && previous >= own ? before : undefined
    touched.push({ start: own, from, adds: true })
  }
  if (!starts.has(time + 1) && after !== undefined && after.timestamp > time) {
    touched.push({ start: time + 1, from: after, adds: false })
  }
  return touched
}

/**
 * The same for a record before `difference`: the window that ends at it would begin before 0, so all such records
 * share the one that begins there. `held` are the key's windows that start in [0, time + 1], the oldest first.
 * (KStreamSlidingWindowAggregate#processEarly)
 */
export function earlyWindows<W extends Held>(held: Iterable<W>, time: number): Touched<W>[] {
  const touched: Touched<W>[] = []
  const starts = new Set<number>()
  let shared: W | undefined
  let after: W | undefined
  for (const window of held) {
    const { start } = window
    starts.add(start)
    if (start === 0) shared = window
    else if (start <= time) {
      after = window
      touched.push({ start, from: window, adds: true })
    }
  }
  if (shared !== undefined && shared.timestamp > time) after ??= shared
  if (!starts.has(time + 1) && after !== undefined && after.timestamp > time) {
    touched.push({ start: time + 1, from: after, adds: false })
  }
  if (shared !== undefined && shared.timestamp < time && !starts.has(shared.timestamp + 1)) {
    touched.push({ start: shared.timestamp + 1, from: undefined, adds: true })
  }
  touched.push({ start: 0, from: shared, adds: true })
  return touched
}
