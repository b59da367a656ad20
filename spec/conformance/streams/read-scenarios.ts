import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { messageOf } from '../../../lib/errors.ts'
import { looksLikeScenario, type Scenario, scenarioOf } from './scenario.ts'

export interface ScenarioFile {
  readonly path: string
  /** Where it stands below the directory that was asked for: `<topology>/<nn>-<case>.json`. */
  readonly place: string
  readonly scenario: Scenario
}

export interface UnreadableFile {
  readonly path: string
  readonly fault: string
}

export interface ScenarioFiles {
  readonly files: readonly ScenarioFile[]
  /** JSON that is broken, or meant as a scenario and none; directories that are not there. */
  readonly unreadable: readonly UnreadableFile[]
}

/** Every scenario below the directories (or the files named themselves), by path. JSON that is no scenario is passed over. */
export async function readScenarios(directories: readonly string[]): Promise<ScenarioFiles> {
  const files: ScenarioFile[] = []
  const unreadable: UnreadableFile[] = []
  const seen = new Set<string>()
  for (const directory of directories) {
    for (const path of await pathsBelow(directory)) {
      if (seen.has(path)) continue
      seen.add(path)
      try {
        const value: unknown = JSON.parse(await readFile(path, 'utf8'))
        if (!looksLikeScenario(value)) continue
        const scenario = scenarioOf(value)
        files.push({ path, place: placeOf(path, directory, scenario), scenario })
      } catch (error) {
        unreadable.push({ path, fault: messageOf(error) })
      }
    }
  }
  return { files, unreadable }
}

/** A directory that is not there is itself in the list: reading it says so. */
async function pathsBelow(directory: string): Promise<string[]> {
  const isDirectory = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isDirectory) return [directory]
  const names = await readdir(directory, { recursive: true })
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(directory, name))
}

function placeOf(path: string, directory: string, { topology }: Scenario): string {
  const below = relative(directory, path)
  return dirname(below) === '.' ? join(topology, basename(path)) : below
}
