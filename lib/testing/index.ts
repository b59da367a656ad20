/** `millrace/testing`: topologies without servers, on virtual clocks. */
export { type Marble, type MarbleOptions, type MarbleRecord, marbles, type Played, play } from './marbles.ts'
export {
  type OutputRecord,
  type Refused,
  type TestDriver,
  type TestDriverOptions,
  type TestRecord,
  testDriver,
} from './test-driver.ts'
export type { CrashPoint } from './test-task.ts'
