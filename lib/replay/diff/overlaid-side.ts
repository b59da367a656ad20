import type { DiffSide } from './diff-row.ts'
import type { StoredEntry } from './stored-entry.ts'

/** Before the rest of an entry that is laid over others: its own clock. */
const CLOCK_BYTES = 8

/** One side, of which some keys are something else, or are not there (null): that counts, whatever its clock. */
export function overlaid(side: DiffSide, instead: AsyncIterable<StoredEntry>): DiffSide {
  return {
    get unreadable() {
      return side.unreadable
    },
    async *entries() {
      yield* side.entries()
      for await (const entry of instead) yield over(entry)
    },
    ready: (entries) => side.ready?.(entries.map(asItWas)),
    rowOf: (entry) => side.rowOf(asItWas(entry)),
  }
}

function over({ clock, rest, ...entry }: StoredEntry): StoredEntry {
  const own = Buffer.alloc(CLOCK_BYTES)
  own.writeDoubleLE(clock ?? Number.NaN)
  return { ...entry, clock: Number.POSITIVE_INFINITY, rest: Buffer.concat([own, rest]) }
}

function asItWas(entry: StoredEntry): StoredEntry {
  if (entry.clock !== Number.POSITIVE_INFINITY) return entry
  const clock = entry.rest.readDoubleLE()
  return { ...entry, clock: Number.isNaN(clock) ? null : clock, rest: entry.rest.subarray(CLOCK_BYTES) }
}
