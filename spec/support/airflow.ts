import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { messageOf } from '../../lib/errors.ts'
import { cacheDirectory } from '../../services/cache-directory.ts'
import { publish } from '../../services/maven.ts'

const execute = promisify(execFile)
const airflow = fileURLToPath(new URL('../../airflow/', import.meta.url))
const requirements = join(airflow, 'requirements.txt')
const runWithinMs = 540_000

export interface AirflowEnded {
  readonly code: number
  readonly output: string
}

/**
 * Path of a Python that has Airflow, installed into the cache directory once. A kill in mid-installation leaves
 * nothing that counts. Throws naming what to install.
 */
export async function installAirflow(): Promise<string> {
  const version = await pythonVersion()
  const pins = readFileSync(requirements, 'utf8')
  const hash = createHash('sha256')
    .update(pins + version)
    .digest('hex')
    .slice(0, 8)
  const complete = join(cacheDirectory(), `airflow-${/^apache-airflow==(.+)$/m.exec(pins)?.[1]}-${hash}`)
  // Scripts in bin name the directory that they were installed into: `python -m` survives the renaming.
  const python = (venv: string) => join(venv, 'bin', 'python')
  if (existsSync(complete)) return python(complete)
  console.log(`      installing Airflow into ${complete}, a minute or so`)
  mkdirSync(cacheDirectory(), { recursive: true })
  const partial = `${complete}.${process.pid}.partial`
  try {
    await execute('python3', ['-m', 'venv', partial])
    await execute(python(partial), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--requirement',
      requirements,
    ])
    await publish(partial, complete)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return python(complete)
}

/** `airflow …` with the project's DAGs and, in `home`, an sqlite of its own; it opens no port. */
export function runAirflow(
  python: string,
  home: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<AirflowEnded> {
  const own = Object.entries(process.env).filter(([name]) => !/^(AIRFLOW|INGEST_)/.test(name))
  return execute(python, ['-m', 'airflow', ...args], {
    env: { ...Object.fromEntries(own), ...settings(home), ...env },
    timeout: runWithinMs,
    maxBuffer: 16 * 1024 * 1024,
  }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, output: stdout + stderr }),
  )
}

function settings(home: string): Record<string, string> {
  return {
    AIRFLOW_HOME: home,
    AIRFLOW__CORE__DAGS_FOLDER: join(airflow, 'dags'),
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED: 'False',
    PYTHONDONTWRITEBYTECODE: '1',
  }
}

async function pythonVersion(): Promise<string> {
  try {
    return (await execute('python3', ['-c', 'import ensurepip, sys; print(sys.version)'])).stdout
  } catch (error) {
    throw new Error(
      'this spec runs Airflow, which needs python3 with venv: install it (Debian/Ubuntu: apt-get install ' +
        `python3-venv). ${messageOf(error)}`,
    )
  }
}
