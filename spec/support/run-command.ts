import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Runs a command of the project's packages in its root, on the terminal and on this very Node. Resolves
 * whether it succeeded; an aborted signal interrupts it.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  env: Record<string, string> = {},
): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  const path = [`${root}node_modules/.bin`, dirname(process.execPath), process.env.PATH].join(delimiter)
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, PATH: path, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    // Out of the terminal's group: Ctrl-C is to reach it once, from us.
    detached: true,
  })
  const end = () => child.kill('SIGINT')
  signal.addEventListener('abort', end)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      signal.removeEventListener('abort', end)
      resolve(code === 0)
    })
  })
}
