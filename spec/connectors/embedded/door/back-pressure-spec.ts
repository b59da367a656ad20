import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ChunkFor, FetchAnswer, FetchAsk } from '../../../../connectors/embedded/connection.ts'
import { encodeFrame, FrameReader } from '../../../../connectors/embedded/door/frames.ts'
import type { Answer } from '../../../../connectors/embedded/door/messages.ts'
import { RemoteConnection } from '../../../../connectors/embedded/door/remote.ts'
import { type LogServer, serveLog } from '../../../../connectors/embedded/door/server.ts'
import { Engine } from '../../../../connectors/embedded/engine.ts'
import { encodeChunk } from '../../../../connectors/embedded/log/encode-chunk.ts'
import { Log } from '../../../../connectors/embedded/log/log.ts'
import { embeddedSettings } from '../../../../connectors/embedded/options.ts'
import { until } from '../../../support/until.ts'
import { logFolder } from '../log-folder.ts'

const MEGABYTE = 1024 * 1024
const place = { topic: 't', partition: 0 }

/** An engine whose writes wait for a gate, and that knows how much it was asked for. */
class GatedEngine extends Engine {
  reads = 0
  appended = 0
  readonly gate = Promise.withResolvers<void>()

  override async append(chunks: readonly ChunkFor[]): Promise<void> {
    for (const { chunk } of chunks) this.appended += chunk.length
    await this.gate.promise
    await super.append(chunks)
  }

  override read(asks: readonly FetchAsk[]): Promise<readonly FetchAnswer[]> {
    this.reads++
    return super.read(asks)
  }
}

describe('back-pressure of the embedded log', () => {
  const dir = logFolder()
  const settings = embeddedSettings({ dir })
  const path = join(dir, 's.sock')
  const chunk = encodeChunk([{ key: null, value: Buffer.alloc(MEGABYTE, 1), timestamp: 1, headers: [] }])
  let engine: GatedEngine
  let server: LogServer
  const sockets: Socket[] = []

  const dial = () => {
    const socket = connect(path)
    sockets.push(socket)
    return socket
  }
  /** Long enough for what is on its way to arrive: another client has been answered many times. */
  const roundTrips = async () => {
    const other = new RemoteConnection(dial(), settings.timing)
    for (let i = 0; i < 50; i++) await other.topics(['t'])
  }

  before(async () => {
    const log = (await Log.open(dir))!
    await log.createTopic({ topic: 't', partitions: 1 })
    engine = new GatedEngine({ log, rebalanceTimeout: 1000 })
    server = await serveLog(engine, path, settings)
  })
  after(async () => {
    for (const socket of sockets) socket.destroy()
    await server.close()
    await engine.close()
  })

  it('should hold back a client that writes faster than the disk', async () => {
    const client = new RemoteConnection(dial(), settings.timing)
    const writes = Array.from({ length: 40 }, () => client.append([{ ...place, chunk }]))
    await until('the log has all it takes', () => engine.appended > 16 * MEGABYTE)
    await roundTrips()
    expect(engine.appended).to.be.at.most(18 * MEGABYTE)
    engine.gate.resolve()
    await Promise.all(writes)
    expect(await engine.offsets('t')).to.deep.equal([{ partition: 0, earliest: 0, end: 40 }])
  })

  it('should read little for a client that takes nothing, and all when it does', async () => {
    const greedy = dial().pause()
    for (let id = 1; id <= 100; id++) {
      const message = { op: 'fetch', id, asks: [{ ...place, offset: 0, maxBytes: MEGABYTE }] }
      for (const piece of encodeFrame({ message, parts: [] })) greedy.write(piece)
    }
    await until('something is read', () => engine.reads > 0)
    await roundTrips()
    expect(engine.reads).to.be.at.most(25)
    const reader = new FrameReader<Answer>()
    let answers = 0
    greedy.on('data', (data) => {
      for (const { parts } of reader.read(data)) answers += parts.length
    })
    greedy.resume()
    await until('all is answered', () => answers === 100)
  })
})
