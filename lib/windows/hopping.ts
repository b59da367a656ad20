import { type Duration, duration } from '../duration.ts'
import { type GraceOptions, type TimeWindows, timeWindows } from './time-windows.ts'

/** Windows of one size that overlap: a new one begins every `advance`. (TimeWindows#advanceBy) */
export function hopping(size: Duration, advance: Duration, options: GraceOptions = {}): TimeWindows {
  return timeWindows(duration(size), duration(advance), options)
}
