import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { MillraceError } from '../../../lib/errors.ts'
import type { ScenarioFile } from './read-scenarios.ts'
import type { Answer } from './scenario.ts'
import { scenarioText } from './scenario-text.ts'

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string }

/** Refuses, before anything is written, to write two answers into one file or one over a scenario that was read. */
export function refuseToOverwrite(files: readonly ScenarioFile[], out: string): void {
  const read = new Set(files.map(({ path }) => resolve(path)))
  const taken = new Map<string, string>()
  for (const { path, place } of files) {
    const target = resolve(out, place)
    if (read.has(target))
      throw refused(`${target} is one of the scenario files read: choose another directory`)
    const other = taken.get(target)
    if (other !== undefined) {
      throw refused(`${other} and ${path} would both be written to ${target}: write one directory at a time`)
    }
    taken.set(target, path)
  }
}

function refused(why: string): MillraceError {
  return new MillraceError('CONFIG', `--write: ${why}`)
}

/** The scenario with millrace's own answer, in the layout in which it was read. */
export async function writeAnswer(
  file: ScenarioFile,
  { outputs, stores }: Answer,
  out: string,
): Promise<void> {
  const path = join(out, file.place)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, scenarioText({ ...file.scenario, oracle: `millrace ${version}`, outputs, stores }))
}
