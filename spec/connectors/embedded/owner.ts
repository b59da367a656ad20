import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('owner-process.ts', import.meta.url))

/** Another process that owns the log. */
export interface Owner {
  readonly pid: number
  /** Resolves when it has ended. */
  kill(): Promise<void>
  /** Closes the log and ends; resolves with the exit code. */
  stop(): Promise<number | null>
}

/** Resolves when the log in the folder is another process's. */
export async function startOwner(dir: string): Promise<Owner> {
  const child = spawn(process.execPath, [script, dir], { stdio: ['pipe', 'pipe', 'inherit'] })
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', onExit)
    return code as number | null
  })
  const said = await Promise.race([once(child.stdout, 'data').then(String), ended])
  if (said !== 'owns\n') throw new Error(`the owner's process ended with ${said} before it owned the log`)
  return {
    pid: child.pid!,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    stop: () => {
      child.stdin.end()
      return ended
    },
  }
}
