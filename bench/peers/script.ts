import { fileURLToPath } from 'node:url'
import type { Contestant } from '../race/contestant.ts'
import { variablesOf } from './variables.ts'

/** A program of the bench's own on one thread of the same Node: at-least-once. @param file from `bench/`. */
export function script(name: string, file: string): Contestant {
  return {
    name,
    command: (run) => ({
      argv: [process.execPath, fileURLToPath(new URL(`../${file}`, import.meta.url))],
      env: variablesOf(run),
    }),
  }
}
