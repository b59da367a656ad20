import { chmod, realpath } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import type { Engine } from '../engine.ts'
import type { EmbeddedSettings } from '../options.ts'
import { ServedClient } from './served-client.ts'

export interface LogServer {
  /** Resolves when no client is connected any more. */
  close(): Promise<void>
}

/** Serves the engine to this user's other processes. The socket is open to this user alone. */
export async function serveLog(
  engine: Engine,
  path: string,
  { dir, timing }: EmbeddedSettings,
): Promise<LogServer> {
  const sockets = new Set<Socket>()
  const served = { dir: await realpath(dir), timing }
  const server = createServer((socket) => {
    sockets.add(socket)
    const client = new ServedClient(engine, socket, served)
    socket.once('close', () => {
      sockets.delete(socket)
      client.gone()
    })
  })
  await listen(server, path)
  await chmod(path, 0o600)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
