import { expect } from 'chai'
import fc from 'fast-check'
import { messagesDecoder } from '../../../../connectors/kafka/repairs/decode-messages.ts'
import {
  bodySize,
  type EncodableRecord,
  withLength,
  writeRecord,
} from '../../../../connectors/kafka/repairs/record-encoder.ts'
import type { Headers } from '../../../../lib/record.ts'
import { failureOf } from '../../../conformance/failure-of.ts'
import { stockFile } from '../stock-kafkajs.ts'

interface WireBuffer {
  readonly buffer: Buffer
}
interface Decoder {
  readInt32(): number
  canReadBytes(length: number): boolean
  readBytes(length: number): Buffer
}
type Encode = (batch: object) => Promise<WireBuffer>
type StockRecord = (record: object) => WireBuffer
type StockDecode = (decoder: Decoder) => Promise<{ headers: Record<string, unknown>; offset: string }[]>

const { RecordBatch } = stockFile<{ RecordBatch: Encode }>('protocol/recordBatch/v0')
const StockDecoder = stockFile<new (buffer: Buffer) => Decoder>('protocol/decoder')
const stockRecord = stockFile<StockRecord>('protocol/recordBatch/record/v0')
const stockDecode = stockFile<StockDecode>('protocol/requests/fetch/v4/decodeMessages')

const noCodec = () => null
const noOldFormat = async () => expect.fail('this is not the old format')
const decode = messagesDecoder(noCodec, noOldFormat)

function answer(...batches: Buffer[]): Decoder {
  const bytes = Buffer.concat(batches)
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return new StockDecoder(Buffer.concat([size, bytes]))
}

async function batchOf(records: object[], more: object = {}): Promise<Buffer> {
  return (await RecordBatch({ records, firstTimestamp: 1000, lastOffsetDelta: records.length - 1, ...more }))
    .buffer
}

interface DeltaRecord extends EncodableRecord {
  readonly offsetDelta: number
  readonly timestampDelta: number
}

function encodeRecord(record: DeltaRecord): WireBuffer & { readonly buf: Buffer } {
  const { offsetDelta, timestampDelta } = record
  const body = bodySize(record, offsetDelta, timestampDelta)
  const buffer = Buffer.alloc(withLength(body))
  expect(writeRecord(buffer, 0, body, record, offsetDelta, timestampDelta)).to.equal(buffer.length)
  return { buf: buffer, buffer }
}

const plain = { offsetDelta: 0, timestampDelta: 0, key: null, value: null, headers: [] }

describe('kafkajs repair: record batches', () => {
  it('should encode a record as the stock encoder does', () => {
    const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)))
    const record = fc.record({
      offsetDelta: fc.nat(1_000_000),
      timestampDelta: fc.integer({ min: -1e12, max: 1e13 }),
      key: bytes,
      value: bytes,
    })
    fc.assert(
      fc.property(record, (fields) => {
        const headers = { a: Buffer.from('1'), ü: Buffer.alloc(200) }
        const ours = encodeRecord({ ...fields, headers: Object.entries(headers) })
        expect(ours.buffer.equals(stockRecord({ ...fields, headers }).buffer)).to.equal(true)
      }),
    )
  })

  it('should read back what it wrote, headers in their order', async () => {
    const headers: Headers = [
      ['b', Buffer.from('1')],
      ['2', Buffer.from('2')],
      ['b', Buffer.alloc(0)],
      ['constructor', Buffer.from('3')],
      ['__proto__', Buffer.from('4')],
    ]
    const record = { ...plain, offsetDelta: 3, timestampDelta: 2 ** 40, value: Buffer.from('v'), headers }
    const [read] = await decode(answer(await batchOf([encodeRecord(record)], { firstOffset: 7 })))
    expect(read).to.deep.include({
      offset: 10,
      timestamp: 2 ** 40 + 1000,
      key: null,
      value: Buffer.from('v'),
      headers,
    })
  })

  it('should keep the headers apart that the stock decoder muddles', async () => {
    const batch = await batchOf([encodeRecord({ ...plain, headers: [['constructor', Buffer.from('x')]] })])
    const [muddled] = await stockDecode(answer(batch))
    expect(muddled!.headers.constructor).to.be.an('array').with.length(2)
    const [read] = await decode(answer(batch))
    expect(read!.headers).to.deep.equal([['constructor', Buffer.from('x')]])
  })

  it('should tell where a batch ends whose last records compaction has removed', async () => {
    const batch = await batchOf([encodeRecord(plain)], { firstOffset: 5, lastOffsetDelta: 9 })
    const read = await decode(answer(batch))
    expect(read.map(({ offset }) => offset)).to.deep.equal([5])
    expect(read.next).to.equal(15)
  })

  it('should tell where a batch ends that compaction has emptied', async () => {
    const read = await decode(answer(await batchOf([], { firstOffset: 5, lastOffsetDelta: 3 })))
    expect([...read]).to.deep.equal([])
    expect(read.next).to.equal(9)
  })

  it('should leave out a batch that was cut off', async () => {
    const whole = await batchOf([encodeRecord(plain)], { firstOffset: 1 })
    const cut = (await batchOf([encodeRecord(plain)], { firstOffset: 2 })).subarray(0, 40)
    const read = await decode(answer(whole, cut))
    expect(read.next).to.equal(2)
    expect(read).to.have.length(1)
  })

  it('should take a batch of 200,000 records, on which the stock decoder overflows', async () => {
    const records = Array.from({ length: 200_000 }, (_, offsetDelta) =>
      encodeRecord({ ...plain, offsetDelta }),
    )
    const batch = await batchOf(records)
    const overflow = await stockDecode(answer(batch)).catch((error: unknown) => error)
    expect(overflow).to.be.instanceOf(RangeError)
    expect((await decode(answer(batch))).next).to.equal(200_000)
  })

  it('should name the offset of a batch that is broken, and nothing of its contents', async () => {
    const batch = await batchOf([encodeRecord({ ...plain, value: Buffer.from('secret') })], {
      firstOffset: 3,
    })
    batch.writeInt32BE(5, 57)
    const error = await failureOf(decode(answer(batch)))
    expect(error.code).to.equal('POISON')
    expect(error.at.offset).to.equal(3)
    expect(error.message).to.not.include('secret')
  })

  it('should refuse a batch of a codec that nobody knows, whose bytes the stock decoder takes for records', async () => {
    const batch = await batchOf([encodeRecord(plain)], { firstOffset: 3 })
    batch.writeInt16BE(5, 21)
    expect(await stockDecode(answer(batch))).to.have.length(1)
    const error = await failureOf(decode(answer(batch)))
    expect(error.code).to.equal('POISON')
    expect(error.message).to.include('offset 3').and.include('compression 5')
  })

  it('should know an answer without records', async () => {
    expect((await decode(answer())).next).to.equal(0)
  })
})
