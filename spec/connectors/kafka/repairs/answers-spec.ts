import type { Socket } from 'node:net'
import { expect } from 'chai'
import { type Answered, repairAnswers } from '../../../../connectors/kafka/repairs/answers.ts'
import { seededRandom } from '../../../../lib/testing/random.ts'
import { stockFile } from '../stock-kafkajs.ts'

type ConnectionClass = { readonly prototype: Answered }

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Found {
  readonly size: number
  readonly correlationId: number
  readonly payload: Buffer
}

function answerTo(correlation: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + payload.length)
  head.writeInt32BE(correlation, 4)
  return Buffer.concat([head, payload])
}

/** A connection of kafkajs' class without a network: what it takes its answers from. */
function connected(repaired: boolean) {
  const { prototype } = stockFile<ConnectionClass>('network/connection')
  const found: Found[] = []
  let lost: Error | undefined
  const socketOf = () => ({ destroy: (error: Error) => (lost = error) }) as unknown as Socket
  const own = Object.create(prototype, {
    processData: { value: prototype.processData, writable: true },
  }) as Answered
  if (repaired) repairAnswers(own)
  const parts = {
    ...{ chunks: [], bytesBuffered: 0, bytesNeeded: 4, authHandlers: null, socket: socketOf() },
    requestQueue: { fulfillRequest: (answer: Found) => found.push(answer) },
  }
  const connection: Mutable<Answered> = Object.assign(Object.create(own), parts)
  return {
    connection,
    /** A copy of each chunk: what is written into it later must not be seen. */
    bring: (chunk: Buffer) => connection.processData(Buffer.from(chunk)),
    reconnect: () => {
      connection.socket = socketOf()
    },
    found,
    lost: () => lost,
  }
}

describe('kafkajs repair: answers', () => {
  it('should find what stock kafkajs finds, however the bytes are cut', () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
    const random = seededRandom(seed)
    for (let round = 0; round < 200; round++) {
      const answers = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, n) =>
        answerTo(n, Buffer.alloc(Math.floor(random() ** 3 * 5_000), n + 1)),
      )
      const bytes = Buffer.concat(answers)
      const most = 1 + Math.floor(random() ** 2 * 4_000)
      const [stock, repaired] = [connected(false), connected(true)]
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + Math.floor(random() * most)
        stock.bring(bytes.subarray(at, end))
        repaired.bring(bytes.subarray(at, end))
        // Each is told as soon as its last byte is there.
        expect(repaired.found.length, `SEED=${seed}, round ${round}`).to.equal(stock.found.length)
        at = end
      }
      expect(repaired.found, `SEED=${seed}, round ${round}`).to.deep.equal(stock.found)
      expect(repaired.found).to.have.length(answers.length)
    }
  })

  it('should begin anew with a new socket, in whatever the last one broke off', () => {
    const { bring, reconnect, found } = connected(true)
    for (const broken of [2, 6, 500]) {
      bring(answerTo(1, Buffer.alloc(1_000)).subarray(0, broken))
      reconnect()
    }
    bring(answerTo(2, Buffer.from('whole')))
    expect(found.map(({ correlationId, payload }) => [correlationId, String(payload)])).to.deep.equal([
      [2, 'whole'],
    ])
  })

  it('should give up a connection to something that is no Kafka broker', () => {
    const { bring, lost } = connected(true)
    bring(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]))
    expect(lost()?.message).to.match(/no answer of a Kafka broker/)
  })

  it('should leave to kafkajs what comes while it authenticates', () => {
    const { connection, bring, found } = connected(true)
    const seen: Buffer[] = []
    connection.authHandlers = { onSuccess: (data: Buffer) => seen.push(data) }
    bring(Buffer.from('token'))
    connection.authHandlers = null
    bring(answerTo(3, Buffer.from('later')))
    expect([String(seen), found[0]?.correlationId]).to.deep.equal(['token', 3])
  })

  it('should not mind what a socket brings that was given up', () => {
    const { connection, bring, found } = connected(true)
    connection.socket = undefined
    bring(answerTo(4, Buffer.from('late')))
    expect(found).to.deep.equal([])
  })
})
