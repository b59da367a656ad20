import { type Duration, duration } from '../duration.ts'
import { type GraceOptions, type TimeWindows, timeWindows } from './time-windows.ts'

/**
 * Windows of one size, side by side: every time is in exactly one, [start, end). A window takes late records until time
 * has come to its end and the grace. (TimeWindows#ofSizeAndGrace)
 *
 * ```text
 * size 10          a@1   b@9 c@10            d@25
 * windows         [0 -------- 10)[10 ------ 20)[20 ------ 30)
 *                    a   b        c              d
 * grace 5, at 14                  late b@9: still in [0, 10)
 * grace 5, at 15                  late b@9: dropped, [0, 10) has closed
 * ```
 */
export function tumbling(size: Duration, options: GraceOptions = {}): TimeWindows {
  return timeWindows(duration(size), duration(size), options)
}
