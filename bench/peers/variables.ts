import type { Run } from '../race/contestant.ts'

/** What programs of the bench's own are told. */
export function variablesOf(run: Run): Readonly<Record<string, string>> {
  return {
    BROKERS: run.brokers.join(','),
    INPUT: run.input,
    OUTPUT: run.output,
    RECORDS: String(run.records),
    APPLICATION: run.application,
    FOLDER: run.folder,
    ...run.env,
  }
}
