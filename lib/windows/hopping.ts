import { type Duration, duration } from '../duration.ts'
import { type GraceOptions, type TimeWindows, timeWindows } from './time-windows.ts'

/**
 * Windows of one size that overlap: a new one begins every `advance`, aligned to 1970, none before it. A record is in
 * size / advance of them, and may be late for some only. (TimeWindows#advanceBy)
 *
 * ```text
 * size 10, advance 5     a@3      b@12
 * windows            [0 ------------ 10)                    a
 *                           [5 ------------ 15)             b
 *                                   [10 ----------- 20)     b
 * grace 0, at 16     late b@12: dropped from [5, 15), added to [10, 20)
 * ```
 */
export function hopping(size: Duration, advance: Duration, options: GraceOptions = {}): TimeWindows {
  return timeWindows(duration(size), duration(advance), options)
}
