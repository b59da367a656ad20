import { crc32c } from '@node-rs/crc32'
import { bodySize, type EncodableRecord, withLength, writeRecord } from './record-encoder.ts'

/** A record as `topicMessages` gives it. */
export interface Message extends EncodableRecord {
  readonly timestamp: number
}

interface PartitionData {
  readonly partition: number
  readonly firstSequence?: number
  readonly messages: readonly Message[]
}

interface Writer {
  /** Null for none. kafkajs leaves it out. */
  readonly transactionalId?: string | null
  /** A number as text, or what says it as text. */
  readonly producerId?: { toString(): string }
  readonly producerEpoch?: number
  readonly compression?: number
}

export interface ProduceRequest extends Writer {
  readonly acks: number
  readonly timeout: number
  readonly topicData: readonly {
    readonly topic: string
    readonly partitions: readonly PartitionData[]
  }[]
}

/** What kafkajs' own encoder takes in. */
interface Encoded {
  readonly buf: Buffer
  readonly buffer: Buffer
}

export interface Compressor {
  compress(encoded: { readonly buffer: Buffer }): Promise<Buffer>
}

/** Of DefaultRecordBatch, by byte. */
const LENGTH_AT = 8
const LEADER_EPOCH_AT = 12
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const LAST_OFFSET_DELTA_AT = 23
const FIRST_TIMESTAMP_AT = 27
const MAX_TIMESTAMP_AT = 35
const PRODUCER_ID_AT = 43
const PRODUCER_EPOCH_AT = 51
const FIRST_SEQUENCE_AT = 53
const COUNT_AT = 57
const RECORDS_AT = 61
const MAGIC = 2
const TRANSACTIONAL = 0x10
const NO_PRODUCER = '-1'

/**
 * kafkajs' protocol/requests/produce/v3/request, on which its later versions build. The stock one makes buffers for each
 * record, copies them more than once and sums them up byte by byte in JavaScript. It also sorts timestamps as text to find
 * the first and the last, takes 0 for none, and headers as an object, so that their order is lost where a name occurs more
 * than once or looks like a number. Here a batch is one buffer, written once.
 */
export function produceRequestOf(apiKey: number, codecOf: (compression: number) => Compressor) {
  return (request: ProduceRequest) => ({
    apiKey,
    apiVersion: 3,
    apiName: 'Produce',
    expectResponse: () => request.acks !== 0,
    encode: async (): Promise<Encoded> => {
      const buffer = Buffer.concat(await piecesOf(request, codecOf))
      return { buf: buffer, buffer }
    },
  })
}

async function piecesOf(
  request: ProduceRequest,
  codecOf: (compression: number) => Compressor,
): Promise<Buffer[]> {
  const { acks, timeout, transactionalId = null, topicData } = request
  const pieces = [nullableString(transactionalId), int16(acks), int32(timeout), int32(topicData.length)]
  for (const { topic, partitions } of topicData) {
    pieces.push(nullableString(topic), int32(partitions.length))
    for (const data of partitions) {
      const batch = await encodeBatch(data, request, codecOf)
      pieces.push(int32(data.partition), int32(batch.length), batch)
    }
  }
  return pieces
}

async function encodeBatch(
  { messages, firstSequence = 0 }: PartitionData,
  { transactionalId, producerId = NO_PRODUCER, producerEpoch = 0, compression = 0 }: Writer,
  codecOf: (compression: number) => Compressor,
): Promise<Buffer> {
  const first = messages[0]!.timestamp
  const plain = encodeRecords(messages, first)
  const batch = compression === 0 ? plain : await compressed(plain, codecOf(compression))
  batch.fill(0, 0, LENGTH_AT)
  batch.writeInt32BE(batch.length - LEADER_EPOCH_AT, LENGTH_AT)
  batch.writeInt32BE(0, LEADER_EPOCH_AT)
  batch[MAGIC_AT] = MAGIC
  batch.writeInt16BE(compression | (transactionalId ? TRANSACTIONAL : 0), ATTRIBUTES_AT)
  batch.writeInt32BE(messages.length - 1, LAST_OFFSET_DELTA_AT)
  batch.writeBigInt64BE(BigInt(first), FIRST_TIMESTAMP_AT)
  batch.writeBigInt64BE(BigInt(latest(messages)), MAX_TIMESTAMP_AT)
  batch.writeBigInt64BE(BigInt(producerId.toString()), PRODUCER_ID_AT)
  batch.writeInt16BE(producerEpoch, PRODUCER_EPOCH_AT)
  batch.writeInt32BE(firstSequence, FIRST_SEQUENCE_AT)
  batch.writeInt32BE(messages.length, COUNT_AT)
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT)
  return batch
}

/** With room for the batch's own fields before them. */
function encodeRecords(messages: readonly Message[], first: number): Buffer {
  const bodies = messages.map((message, index) => bodySize(message, index, message.timestamp - first))
  const batch = Buffer.allocUnsafe(bodies.reduce((sum, body) => sum + withLength(body), RECORDS_AT))
  let at = RECORDS_AT
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index]!
    at = writeRecord(batch, at, bodies[index]!, message, index, message.timestamp - first)
  }
  return batch
}

async function compressed(batch: Buffer, codec: Compressor): Promise<Buffer> {
  const head = Buffer.alloc(RECORDS_AT)
  return Buffer.concat([head, await codec.compress({ buffer: batch.subarray(RECORDS_AT) })])
}

function latest(messages: readonly Message[]): number {
  return messages.reduce((latest, { timestamp }) => Math.max(latest, timestamp), messages[0]!.timestamp)
}

function nullableString(text: string | null): Buffer {
  if (text === null) return int16(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([int16(bytes.length), bytes])
}

function int16(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(number)
  return bytes
}

function int32(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(number)
  return bytes
}
