import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pythonWith } from '../../services/python.ts'

const execute = promisify(execFile)
const airflow = fileURLToPath(new URL('../../airflow/', import.meta.url))
const requirements = join(airflow, 'requirements.txt')
const runWithinMs = 540_000

export interface AirflowEnded {
  readonly code: number
  readonly output: string
}

/** Path of a Python that has Airflow. */
export function installAirflow(): Promise<string> {
  return pythonWith({ name: 'airflow', requirements }, (line) => console.log(`      ${line}`))
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
