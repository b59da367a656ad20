import type { Socket } from 'node:net'

/** The part of kafkajs' network/connection that begins and ends. */
export interface Connection {
  readonly host: string
  readonly port: number
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  socket: Socket | undefined
  isConnected(): boolean
  connect(): Promise<boolean>
  disconnect(): Promise<boolean>
  rejectRequests(error: Error): void
}

/** The length in front of an answer. */
const LENGTH_SIZE = 4

/**
 * kafkajs keeps a connection's object over many sockets, and with it half of an answer that the last one broke off in:
 * the next one's answers are taken for the rest of it, so that none is ever found, or the process dies of a RangeError.
 * Two who connect at once get a socket each, of which one is never closed. What is sent while it disconnects is never
 * answered nor given up. Each end of a socket that has long ended leaves a listener on it.
 */
export function repairConnection(prototype: Connection, closed: (by: Connection) => Error): void {
  const { connect, disconnect } = prototype
  const connecting = new WeakMap<Connection, Promise<boolean>>()

  prototype.connect = function (this: Connection) {
    if (this.isConnected()) return Promise.resolve(true)
    const begun = connecting.get(this)
    if (begun !== undefined) return begun
    this.chunks = []
    this.bytesBuffered = 0
    this.bytesNeeded = LENGTH_SIZE
    const attempt = connect.call(this).finally(() => connecting.delete(this))
    connecting.set(this, attempt)
    return attempt
  }

  prototype.disconnect = async function (this: Connection) {
    if (this.socket?.destroyed) this.socket = undefined
    const done = await disconnect.call(this)
    this.rejectRequests(closed(this))
    return done
  }
}
