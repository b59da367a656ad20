import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { MillraceError } from '../../../lib/errors.ts'
import type { ScenarioFile } from './read-scenarios.ts'
import type { Answer } from './scenario.ts'
import { scenarioText } from './scenario-text.ts'

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string }

/** millrace's own answers as scenario files, in the layout in which the scenarios were read. */
export class WrittenAnswers {
  readonly directory: string
  count = 0

  /** @throws MillraceError `CONFIG` where one would be written over a scenario that was read, or over another answer. */
  constructor(directory: string, files: readonly ScenarioFile[]) {
    this.directory = directory
    refuseToOverwrite(files, directory)
  }

  async write(file: ScenarioFile, { outputs, stores }: Answer): Promise<void> {
    const path = join(this.directory, file.place)
    await mkdir(dirname(path), { recursive: true })
    const answered = { ...file.scenario, oracle: `millrace ${version}`, outputs, stores }
    await writeFile(path, scenarioText(answered))
    this.count++
  }
}

function refuseToOverwrite(files: readonly ScenarioFile[], directory: string): void {
  const read = new Set(files.map(({ path }) => resolve(path)))
  const taken = new Map<string, string>()
  for (const { path, place } of files) {
    const target = resolve(directory, place)
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
