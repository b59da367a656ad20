import { type Ended, runMillrace } from './millrace.ts'

/** Runs `millrace services …` as a user would, in a process of its own. */
export function runServices(args: readonly string[]): Promise<Ended> {
  return runMillrace(['services', ...args])
}
