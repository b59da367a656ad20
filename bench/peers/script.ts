import { fileURLToPath } from 'node:url'
import type { Contestant } from '../race/contestant.ts'

/** A program of the bench's own on one thread of the same Node: at-least-once. @param file from `bench/`. */
export function script(name: string, file: string): Contestant {
  return {
    name,
    command: ({ brokers, input, output, records, application }) => ({
      argv: [process.execPath, fileURLToPath(new URL(`../${file}`, import.meta.url))],
      env: {
        BROKERS: brokers.join(','),
        INPUT: input,
        OUTPUT: output,
        RECORDS: String(records),
        APPLICATION: application,
      },
    }),
  }
}
