import { realpath } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { isRetriable, MillraceError } from '../../../lib/errors.ts'
import type { EmbeddedSettings } from '../options.ts'
import { type Greeting, PROTOCOL } from './messages.ts'
import { RemoteConnection } from './remote.ts'

/**
 * Resolves with undefined when nobody answers at this socket, or not the owner of this folder. Rejects with `CONFIG`
 * when the owner is a millrace that speaks another protocol.
 */
export async function reachOwner(
  path: string,
  { dir, timing }: Pick<EmbeddedSettings, 'dir' | 'timing'>,
): Promise<RemoteConnection | undefined> {
  const socket = await connected(path)
  if (socket === undefined) return undefined
  const connection = new RemoteConnection(socket, timing)
  try {
    const greeting = await greeted(connection, timing.greeting)
    if (greeting !== undefined && greeting.dir === (await realpath(dir))) {
      requireProtocol(greeting)
      return connection
    }
  } catch (error) {
    await connection.close()
    throw error
  }
  await connection.close()
  return undefined
}

/** Undefined when the other end goes away, or is too slow to be waited for. */
async function greeted(connection: RemoteConnection, milliseconds: number): Promise<Greeting | undefined> {
  const answered = new AbortController()
  const late = delay(milliseconds, undefined, { signal: answered.signal }).catch(() => undefined)
  try {
    return await Promise.race([connection.greet(), late])
  } catch (error) {
    if (isRetriable(error)) return undefined
    throw error
  } finally {
    answered.abort()
  }
}

function requireProtocol({ protocol, pid }: Greeting): void {
  if (protocol === PROTOCOL) return
  throw new MillraceError(
    'CONFIG',
    `The embedded log is owned by process ${pid} of another version of millrace: stop it first`,
  )
}

function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('error', () => resolve(undefined))
    socket.once('connect', () => resolve(socket))
  })
}
