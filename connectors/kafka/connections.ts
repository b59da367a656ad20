import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'

export interface Connections {
  readonly open: ISocketFactory
  /** Cuts every connection and refuses new ones: ends whatever kafkajs is still trying. */
  sever(): void
  /** Aborted by `sever`. */
  readonly severed: AbortSignal
}

const KEEP_ALIVE_MS = 60_000

/** kafkajs can't be stopped while it joins a group or waits for a dead broker; its sockets can. */
export function connections(): Connections {
  const sockets = new Set<Socket>()
  const end = new AbortController()
  const open: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    end.signal.throwIfAborted()
    const tls = isIP(host) ? { host, port } : { host, port, servername: host }
    const socket = ssl ? connectTls({ ...tls, ...ssl }, onConnect) : connectTcp({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const sever = () => {
    const reason = new Error('this client has been closed')
    end.abort(reason)
    for (const socket of sockets) socket.destroy(reason)
  }
  return { open, sever, severed: end.signal }
}
