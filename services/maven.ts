import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../lib/errors.ts'
import { cacheDirectory } from './cache-directory.ts'
import { requireMaven } from './java.ts'

const dependencyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'
const progressEveryMs = 3_000
const abandonedAfterMs = 60 * 60 * 1000

export interface Artifacts {
  readonly name: string
  readonly version: string
  /** The file that lists them. Default `services/<name>.pom.xml`. */
  readonly pom?: string | undefined
  /** The pom lists an archive to be unpacked, instead of jars. */
  readonly packed?: boolean | undefined
}

/**
 * The directory with the files of a server, fetched through Maven if they are not cached yet. A kill in
 * mid-fetch leaves no half directory that counts, and two fetches at once are harmless: the first one wins.
 */
export async function fetchArtifacts(
  artifacts: Artifacts,
  onProgress: (line: string) => void,
): Promise<string> {
  const cache = cacheDirectory()
  const complete = join(cache, `${artifacts.name}-${artifacts.version}`)
  if (existsSync(complete)) return complete
  const maven = requireMaven()
  await mkdir(cache, { recursive: true })
  await removeAbandoned(cache)
  const partial = join(cache, `.${artifacts.name}-${artifacts.version}.${process.pid}.partial`)
  try {
    await inTurn(async () => {
      if (existsSync(complete)) return
      await runMaven(maven, artifacts, partial, onProgress)
      await publish(partial, complete)
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return complete
}

let lastFetch: Promise<unknown> = Promise.resolve()

/** One Maven of this process at a time: they share a local repository, and the line is full with one. */
function inTurn(fetch: () => Promise<void>): Promise<void> {
  const turn = lastFetch.then(fetch, fetch)
  lastFetch = turn
  return turn
}

function runMaven(
  maven: string,
  { name, version, pom = pomOf(name), packed = false }: Artifacts,
  outputDirectory: string,
  onProgress: (line: string) => void,
): Promise<void> {
  const goal = `${dependencyPlugin}:${packed ? 'unpack' : 'copy'}-dependencies`
  // The marker files of `unpack` go with the rest: by default they land beside the pom.
  const args = [
    '-B',
    '-f',
    pom,
    goal,
    `-DoutputDirectory=${outputDirectory}`,
    `-DmarkersDirectory=${outputDirectory}/markers`,
  ]
  const child = spawn(maven, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const errors: string[] = []
  let files = 0
  const started = Date.now()
  const say = () => {
    const seconds = Math.round((Date.now() - started) / 1000)
    onProgress(`fetching ${name} ${version} with Maven: ${files} files, ${seconds} s`)
  }
  say()
  const progress = setInterval(say, progressEveryMs)
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes('ERROR')) errors.push(line)
    if (line.includes('Downloaded from')) files++
  })
  child.stderr.resume()
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearInterval(progress)
      if (code === 0) return resolve()
      reject(
        new MillraceError(
          'UNREACHABLE',
          `Maven could not fetch ${name} ${version}; check the network and Maven's settings. ` +
            errors.slice(0, 3).join(' '),
        ),
      )
    })
  })
}

function pomOf(name: string): string {
  return fileURLToPath(new URL(`${name}.pom.xml`, import.meta.url))
}

/** Renames the finished directory into place; if another process was faster, its directory stays. */
export async function publish(partial: string, complete: string): Promise<void> {
  try {
    await rename(partial, complete)
  } catch (error) {
    if (!existsSync(complete)) throw error
  }
}

async function removeAbandoned(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.endsWith('.partial')) continue
    const path = join(cache, entry)
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > abandonedAfterMs) await rm(path, { recursive: true, force: true })
  }
}
