import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError, messageOf } from '../lib/errors.ts'
import { services } from './catalog.ts'
import { readRunning } from './pid-file.ts'
import type { ServerName, StartOptions } from './server.ts'

export interface Started {
  readonly name: ServerName
  readonly pid: number
  readonly address: string
  /** False: it ran before. */
  readonly started: boolean
}

/**
 * Starts what does not run yet, all at once, and resolves when every server answers. Where some fail, the
 * others stay up and one error names every failure.
 */
export async function upAll(
  names: readonly ServerName[],
  optionsOf: (name: ServerName) => StartOptions,
): Promise<Started[]> {
  const outcomes = await Promise.allSettled(names.map((name) => up(name, optionsOf(name))))
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  if (failures.length > 0) throw combined(failures)
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}

async function up(name: ServerName, options: StartOptions): Promise<Started> {
  const running = readRunning(options.dir, name)
  if (running === undefined) {
    const { pid, address } = await services[name].start(options)
    return { name, pid, address, started: true }
  }
  const { pid, address, port } = running
  // Perhaps another `up` has only just started it.
  while (!(await services[name].answers(port))) {
    if (readRunning(options.dir, name) === undefined) return up(name, options)
    options.onProgress?.(name, `waiting for the process that already runs (pid ${pid}) to answer`)
    await delay(1_000)
  }
  return { name, pid, address, started: false }
}

function combined(failures: readonly unknown[]): unknown {
  const messages = [...new Set(failures.map(messageOf))]
  if (messages.length === 1) return failures[0]
  const code = failures[0] instanceof MillraceError ? failures[0].code : 'INTERNAL'
  return new MillraceError(code, messages.join('\n'))
}
