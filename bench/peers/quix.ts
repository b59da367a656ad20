import { fileURLToPath } from 'node:url'
import { pythonWith } from '../../services/python.ts'
import type { Contestant } from '../race/contestant.ts'
import { variablesOf } from './variables.ts'

const FOLDER = fileURLToPath(new URL('quix/', import.meta.url))

/** Quix Streams' program of a workload, at least once: one thread is all that it has. */
export function quix(workload: 'w1' | 'w2'): Contestant {
  let python = ''
  return {
    name: 'Quix Streams, at-least-once, 1 thread',
    ready: async () => {
      const packages = { name: 'quixstreams-peer', requirements: `${FOLDER}requirements.txt` }
      python = await pythonWith(packages, (line) => console.error(line))
    },
    command: (run) => ({
      argv: [python, `${FOLDER}main.py`],
      env: { ...variablesOf(run), WORKLOAD: workload, PYTHONDONTWRITEBYTECODE: '1' },
    }),
  }
}
