/** `millrace/testing`: topologies without servers, on virtual clocks. */
export { type Marble, type MarbleOptions, type MarbleRecord, marbles, type Played, play } from './marbles.ts'
export { type TestDriver, testDriver } from './test-driver.ts'
export type { TestDriverOptions, TestRecord } from './test-driver-options.ts'
export type { CrashPoint } from './test-task.ts'
export type { OutputRecord, Refused } from './written.ts'
