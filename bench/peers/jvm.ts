import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requireJava } from '../../services/java.ts'
import { fetchArtifacts } from '../../services/maven.ts'
import type { Command } from '../race/contestant.ts'

/** By default it would be a quarter of the machine's memory, and taken, needed or not. */
const HEAP = '-Xmx1g'

/**
 * A peer's class path: the jars of its pom, which Maven fetches, and its program, which the JDK compiles.
 * @param name of its folder here, which holds `pom.xml` and `src/bench`.
 */
export function built(name: string): Promise<string> {
  const known = classPaths.get(name) ?? build(name)
  classPaths.set(name, known)
  return known
}

const classPaths = new Map<string, Promise<string>>()

async function build(name: string): Promise<string> {
  const folder = fileURLToPath(new URL(`${name}/`, import.meta.url))
  const pom = join(folder, 'pom.xml')
  // Jars are kept for the next time, by what was asked for.
  const version = hash('sha256', readFileSync(pom)).slice(0, 8)
  const jars = await fetchArtifacts({ name: `${name}-peer`, version, pom }, (line) => console.error(line))
  // In each run: it takes a second or two, and nothing old can be left.
  const classes = mkdtempSync(join(tmpdir(), 'millrace-bench-classes-'))
  process.once('exit', () => rmSync(classes, { recursive: true, force: true }))
  const source = join(folder, 'src/bench')
  const files = readdirSync(source).map((file) => join(source, file))
  await promisify(execFile)('javac', ['--release', '17', '-cp', join(jars, '*'), '-d', classes, ...files])
  return `${classes}:${join(jars, '*')}`
}

export function java(classPath: string, flags: readonly string[] = []): Command['argv'] {
  return [requireJava(), HEAP, ...flags, '-cp', classPath, 'bench.Main']
}
