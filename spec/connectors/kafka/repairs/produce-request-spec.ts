import { gunzipSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { type Message, produceRequestOf } from '../../../../connectors/kafka/repairs/produce-request.ts'
import { decodeRecordBatch } from '../../../../connectors/kafka/repairs/record-batch.ts'
import { stockFile } from '../stock-kafkajs.ts'

type Request = { encode(): Promise<{ readonly buffer: Buffer }> }

const stock = stockFile<(request: object) => Request>('protocol/requests/produce/v3/request')
const gzip = { compress: async ({ buffer }: { buffer: Buffer }) => gzipSync(buffer) }
const ours = produceRequestOf(0, () => gzip)

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)))
/** Of one length as text: the stock request sorts times as text. And in order: it begins with the smallest. */
const times = fc
  .array(fc.integer({ min: 1e12, max: 2e12 }), { minLength: 1, maxLength: 20 })
  .map((some) => some.toSorted((one, other) => one - other))
const messages = times.chain((some) =>
  fc.tuple(
    ...some.map((timestamp) =>
      fc.record({ timestamp: fc.constant(timestamp), key: bytes, value: bytes, headers: fc.constant([]) }),
    ),
  ),
)
const requests = fc.record({
  acks: fc.constant(-1),
  timeout: fc.nat(60_000),
  transactionalId: fc.constantFrom(null, 'ä-0_1'),
  producerId: fc.constantFrom('-1', '9007199254740993'),
  producerEpoch: fc.nat(1000),
  topicData: fc.array(
    fc.record({
      topic: fc.constantFrom('a', 'ünïcode'),
      partitions: fc.array(fc.record({ partition: fc.nat(9), firstSequence: fc.nat(1e9), messages })),
    }),
  ),
})

describe('kafkajs repair: produce requests', () => {
  it('should be the same bytes that the stock request makes', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const wanted = await stock(asTexts(request)).encode()
        const { buffer } = await ours(request).encode()
        expect(buffer.equals(wanted.buffer)).to.equal(true)
      }),
    )
  })

  it('should hold the time 0, and times out of order of any length', async () => {
    const batch = await batchOf([messageAt(100), messageAt(0), messageAt(99), messageAt(2 ** 45)])
    const { records } = await decodeRecordBatch(batch, () => null)
    expect(records.map(({ timestamp }) => timestamp)).to.deep.equal([100, 0, 99, 2 ** 45])
    expect(Number(batch.readBigInt64BE(27)), 'first').to.equal(100)
    expect(Number(batch.readBigInt64BE(35)), 'latest').to.equal(2 ** 45)
  })

  it('should compress records, and nothing else of a batch', async () => {
    const some = Array.from({ length: 100 }, (_, n) => messageAt(n))
    const batch = await batchOf(some, { compression: 1 })
    expect(batch.length).to.be.below((await batchOf(some)).length)
    const codec = { decompress: async (packed: Buffer) => gunzipSync(packed) }
    const { records, next } = await decodeRecordBatch(batch, (attributes) =>
      attributes === 1 ? codec : null,
    )
    expect(records.map(({ timestamp }) => timestamp)).to.deep.equal(some.map(({ timestamp }) => timestamp))
    expect(next).to.equal(100)
  })

  it('should name the same version as the stock request, and expect an answer as it does', () => {
    const { encode, expectResponse, ...said } = ours({ acks: 0, timeout: 1, topicData: [] })
    expect(expectResponse()).to.equal(false)
    expect(said).to.deep.equal({ apiKey: 0, apiVersion: 3, apiName: 'Produce' })
    expect(encode).to.be.a('function')
  })
})

function messageAt(timestamp: number): Message {
  return { timestamp, key: null, value: Buffer.from('v'), headers: [['h', Buffer.from('1')]] }
}

/** The batch of a request that holds nothing else. */
async function batchOf(some: readonly Message[], more: object = {}): Promise<Buffer> {
  const topicData = [{ topic: '', partitions: [{ partition: 0, messages: some }] }]
  const { buffer } = await ours({ acks: 1, timeout: 1, topicData, ...more }).encode()
  // no id, acks, timeout, one topic, its empty name, one partition, its number, the length of the batch
  return buffer.subarray(2 + 2 + 4 + 4 + 2 + 4 + 4 + 4)
}

/** The stock request takes times as text alone, since it takes 0 for none; and headers as an object. */
function asTexts<
  R extends { topicData: readonly { partitions: readonly { messages: readonly Message[] }[] }[] },
>(request: R): object {
  const topicData = request.topicData.map((data) => ({
    ...data,
    partitions: data.partitions.map((partition) => ({
      ...partition,
      messages: partition.messages.map((message) => ({
        ...message,
        timestamp: String(message.timestamp),
        headers: {},
      })),
    })),
  }))
  return { ...request, topicData }
}
