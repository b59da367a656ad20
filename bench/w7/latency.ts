/** Shares of all records, in percent. */
const SHARES = [0, 50, 90, 95, 99, 100] as const

/** The value that this share of them does not exceed, by nearest rank. Milliseconds. */
export function percentiles(latencies: readonly number[]): Record<string, number> {
  const sorted = Float64Array.from(latencies).sort()
  return Object.fromEntries(
    SHARES.map((share) => {
      const rank = Math.max(1, Math.ceil((share / 100) * sorted.length))
      return [`p${share} ms`, Math.round(sorted[rank - 1]! * 10) / 10]
    }),
  )
}
