import { type Duration, duration } from '../duration.ts'
import { type GraceOptions, type TimeWindows, timeWindows } from './time-windows.ts'

/**
 * Windows of one size, side by side: every time is in exactly one. (TimeWindows#ofSizeAndGrace)
 *
 * ```text
 * records     a  b   | c      |   d e   |
 * windows  [0 ----- 10)[10 -- 20)[20 -- 30)
 * ```
 */
export function tumbling(size: Duration, options: GraceOptions = {}): TimeWindows {
  return timeWindows(duration(size), duration(size), options)
}
