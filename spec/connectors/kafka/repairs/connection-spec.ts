import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { expect } from 'chai'
import { type Connection, repairConnection } from '../../../../connectors/kafka/repairs/connection.ts'
import { stockFile } from '../stock-kafkajs.ts'

interface Asking extends Connection {
  readonly requestQueue: { readonly inflight: ReadonlyMap<number, unknown> }
  send(asked: object): Promise<unknown>
}

type ConnectionClass = new (options: object) => Asking

/** Bytes of an answer that breaks off: its rest is waited for. */
const LONG = 1000

describe('kafkajs repair: connection', () => {
  let server: Server
  /** As the server has them. */
  let sockets: Socket[]
  let answer: (socket: Socket, correlation: number) => void

  beforeEach(async () => {
    sockets = []
    answer = (socket, correlation) => socket.write(answerTo(correlation))
    server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      // Size, key, version: the correlation id is at 8.
      socket.on('data', (request) => answer(socket, request.readInt32BE(8)))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })

  for (const repaired of [false, true]) {
    const client = () => {
      const Stock = stockFile<ConnectionClass>('network/connection')
      if (repaired) repairConnection(Stock.prototype, () => new Error('closed'))
      const socketFactory = stockFile<() => object>('network/socketFactory')()
      const logger: object = { namespace: () => logger, debug() {}, error() {}, warn() {} }
      const { port } = server.address() as AddressInfo
      const limits = { requestTimeout: 60_000, connectionTimeout: 10_000 }
      return new Stock({ host: '127.0.0.1', port, logger, socketFactory, ...limits })
    }
    const name = repaired ? 'repaired' : 'stock'

    it(`should ${repaired ? 'find' : 'miss'} the answers behind a connection that broke off in one (${name})`, async () => {
      const connection = client()
      await connection.connect()
      answer = (socket) => socket.end(answerTo(0, LONG).subarray(0, LONG / 2))
      await outcome(connection.send(question()))
      answer = (socket, correlation) => socket.write(answerTo(correlation))
      await connection.connect()
      const asked = connection.send(question()).then(() => 'answered')
      // A second one comes when the first has come.
      await arrived(connection)
      expect(await Promise.race([asked, Promise.resolve('missed')])).to.equal(
        repaired ? 'answered' : 'missed',
      )
      sockets.at(-1)!.destroy()
      await outcome(asked)
    })

    it(`should have ${repaired ? 'one socket' : 'two sockets'} for two who connect at once (${name})`, async () => {
      const connection = client()
      await Promise.all([connection.connect(), connection.connect()])
      await connection.send(question())
      await connection.disconnect()
      expect(sockets).to.have.length(repaired ? 1 : 2)
    })

    it(`should ${repaired ? 'give up' : 'forget'} what is sent while it disconnects (${name})`, async () => {
      const connection = client()
      await connection.connect()
      answer = () => {}
      const asked = outcome(connection.send(question()))
      await Promise.resolve()
      await connection.disconnect()
      await once(sockets[0]!, 'close')
      expect(await Promise.race([asked, settled('forgotten')])).to.equal(repaired ? 'given up' : 'forgotten')
      expect(connection.requestQueue.inflight.size).to.equal(repaired ? 0 : 1)
    })

    it(`should ${repaired ? 'leave nothing' : 'pile up listeners'} on a socket that has ended (${name})`, async () => {
      const connection = client()
      await connection.connect()
      const socket = connection.socket!
      sockets.at(-1)?.destroy()
      await once(socket, 'close')
      for (let i = 0; i < 5; i++) await connection.disconnect()
      expect(socket.listenerCount('connect')).to.equal(repaired ? 0 : 5)
    })
  }
})

/** kafkajs' way of saying a request, with nothing in it, and how to read its answer. */
function question(): object {
  const encode = async () => ({ buffer: Buffer.alloc(0), buf: Buffer.alloc(0) })
  return {
    request: { apiKey: 18, apiVersion: 0, apiName: 'ApiVersions', encode },
    response: { decode: async () => ({ clientSideThrottleTime: 0 }), parse: async () => ({}) },
  }
}

function answerTo(correlation: number, size = 4): Buffer {
  const bytes = Buffer.alloc(4 + size)
  bytes.writeInt32BE(size)
  bytes.writeInt32BE(correlation, 4)
  return bytes
}

function outcome(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'answered',
    () => 'given up',
  )
}

/** Once the client has taken in what has come. */
async function arrived({ socket }: Connection): Promise<void> {
  await once(socket!, 'data')
  await settled()
}

/** Once whatever can be settled without a message of the server has settled. */
function settled<T>(what?: T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => setImmediate(() => resolve(what as T))))
}
