import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MillraceError, messageOf } from '../lib/errors.ts'
import { cacheDirectory } from './cache-directory.ts'
import { publish } from './maven.ts'

const execute = promisify(execFile)

export interface PythonPackages {
  /** Of the folder in the cache directory. */
  readonly name: string
  /** A file for pip. */
  readonly requirements: string
}

/**
 * Path of a Python that has these packages, installed into the cache directory once. A kill in mid-installation leaves
 * nothing that counts. Throws naming what to install.
 */
export async function pythonWith(
  { name, requirements }: PythonPackages,
  onProgress: (line: string) => void,
): Promise<string> {
  const version = await pythonVersion(name)
  const pins = readFileSync(requirements, 'utf8')
  const hash = createHash('sha256')
    .update(pins + version)
    .digest('hex')
    .slice(0, 8)
  const complete = join(cacheDirectory(), `${name}-${hash}`)
  // Scripts in bin name the directory that they were installed into: `python -m` survives the renaming.
  const python = (venv: string) => join(venv, 'bin', 'python')
  if (existsSync(complete)) return python(complete)
  onProgress(`installing ${name} into ${complete}, a minute or so`)
  mkdirSync(cacheDirectory(), { recursive: true })
  const partial = `${complete}.${process.pid}.partial`
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  try {
    await execute('python3', ['-m', 'venv', partial])
    await execute(python(partial), [...pip, '--requirement', requirements])
    await publish(partial, complete)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return python(complete)
}

async function pythonVersion(name: string): Promise<string> {
  try {
    return (await execute('python3', ['-c', 'import ensurepip, sys; print(sys.version)'])).stdout
  } catch (error) {
    throw new MillraceError(
      'UNREACHABLE',
      `${name} needs python3 with venv: install it (Debian/Ubuntu: apt-get install python3-venv). ${messageOf(error)}`,
      { retriable: false },
    )
  }
}
