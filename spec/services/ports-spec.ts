import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import { freePorts, isFree, loopback, requireFree } from '../../services/ports.ts'

describe('ports', () => {
  let listener: Server
  let taken: number

  beforeEach(async () => {
    listener = createServer().listen(0, loopback)
    await once(listener, 'listening')
    taken = (listener.address() as AddressInfo).port
  })

  afterEach(async () => {
    listener.close()
    await once(listener, 'close')
  })

  it('should tell a free port from a taken one', async () => {
    const [free = 0] = await freePorts(1)
    expect(await isFree(free)).to.equal(true)
    expect(await isFree(taken)).to.equal(false)
  })

  it('should give as many different ports as asked for', async () => {
    expect(new Set(await freePorts(20)).size).to.equal(20)
  })

  it('should name port, server and option when a port is taken', async () => {
    const error = await requireFree(taken, 'Kafka', '--kafka-port').then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).to.be.instanceOf(MillraceError)
    expect((error as MillraceError).message)
      .to.include(`port ${taken} for Kafka is taken`)
      .and.to.include('--kafka-port')
  })

  it('should name the process that has the port, where the system shows it', async () => {
    const error: unknown = await requireFree(taken, 'Kafka', '--kafka-port').catch((reason) => reason)
    const owner = process.platform === 'linux' ? `(pid ${process.pid})` : 'taken'
    expect((error as MillraceError).message).to.include(owner)
  })
})
