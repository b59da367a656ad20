import type { SessionWindows } from './session.ts'
import type { SlidingWindows } from './sliding.ts'
import type { TimeWindows } from './time-windows.ts'

/** How the records of a key are divided by time: plain data, made by `tumbling`, `hopping`, `sliding`, `session`. */
export type Windows = TimeWindows | SlidingWindows | SessionWindows
