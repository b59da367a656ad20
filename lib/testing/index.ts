/** `millrace/testing`: topologies without servers, on virtual clocks. */
export {
  type OutputRecord,
  type Refused,
  type TestDriver,
  type TestDriverOptions,
  type TestRecord,
  testDriver,
} from './test-driver.ts'
export type { CrashPoint } from './test-task.ts'
