import { createServer } from 'node:net'
import { MillraceError } from '../lib/errors.ts'
import { portOwner } from './port-owner.ts'

export const loopback = '127.0.0.1'

/** Resolves whether nothing listens on this port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, loopback, () => server.close(() => resolve(true)))
  })
}

/** Throws `CONFIG` naming the port, who has it where that can be seen, and the option to change it. */
export async function requireFree(port: number, what: string, option: string): Promise<void> {
  if (await isFree(port)) return
  const owner = portOwner(port)
  throw new MillraceError(
    'UNREACHABLE',
    `port ${port} for ${what} is taken${owner === undefined ? '' : ` by ${owner}`}: ` +
      `end that process or choose another port with ${option}`,
    { retriable: false },
  )
}

/**
 * Free ports on 127.0.0.1, all different. They are taken below the range from which systems give ports to
 * outgoing connections (from 32768 on Linux, from 16000 on gVisor), so that a server stopped and started again finds
 * its port still free.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = 10_000 + Math.floor(Math.random() * 6_000)
    if (!found.has(port) && (await isFree(port))) found.add(port)
  }
  return [...found]
}
