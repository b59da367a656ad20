/**
 * Keys of the store, in an order that is the order of what they name: a letter for the kind, numbers big endian.
 * A topic goes by its id, so that keys stay short.
 */
export interface PartitionId {
  readonly topicId: number
  readonly partition: number
}

export const FORMAT_KEY = Buffer.from('f')
/** The largest id that a topic has had when one was deleted: none is given twice. */
export const LAST_ID_KEY = Buffer.from('n')
const TOPIC = 't'
const PARTITION = 'p'
const CHUNK = 'c'
const TIME = 'x'
const POSITION = 'g'
const WRITER = 'w'
/** No part of a topic's or a group's name, so that no name is the beginning of another. */
const SEPARATOR = '\0'

export function topicKey(topic: string): Buffer {
  return Buffer.from(TOPIC + topic)
}

export function partitionKey({ topicId, partition }: PartitionId): Buffer {
  const key = Buffer.alloc(9)
  key.write(PARTITION, 0, 'latin1')
  key.writeUInt32BE(topicId, 1)
  key.writeUInt32BE(partition, 5)
  return key
}

/** A chunk goes by its last offset: the first key from an offset on is that of the chunk which holds it. */
export function chunkKey(id: PartitionId, last: number): Buffer {
  return offsetKey(CHUNK, id, last)
}

/** An entry of the time index goes by the offset up to which it speaks. */
export function timeKey(id: PartitionId, last: number): Buffer {
  return offsetKey(TIME, id, last)
}

/** The offset in a key of `chunkKey` or `timeKey`. */
export function offsetIn(key: Buffer): number {
  return Number(key.readBigUInt64BE(9))
}

export function positionKey(group: string, topic: string, partition: number): Buffer {
  const names = Buffer.from(POSITION + group + SEPARATOR + topic + SEPARATOR)
  const number = Buffer.alloc(4)
  number.writeUInt32BE(partition)
  return Buffer.concat([names, number])
}

/** Where the positions of a group in a topic lie; the last four bytes of a key are the partition. */
export function positionRange(group: string, topic: string): { gte: Buffer; lte: Buffer } {
  return { gte: positionKey(group, topic, 0), lte: positionKey(group, topic, 0xffffffff) }
}

export function partitionIn(key: Buffer): number {
  return key.readUInt32BE(key.length - 4)
}

/** Where the descriptions of all topics lie. */
export function topicRange(): { gte: Buffer; lt: Buffer } {
  return all(TOPIC)
}

/** The positions of all groups lie here; `topicOfPosition` says of which topic one is. */
export function positionsRange(): { gte: Buffer; lt: Buffer } {
  return all(POSITION)
}

export function topicOfPosition(key: Buffer): string {
  return key.toString('utf8', 1, key.length - 5).split(SEPARATOR)[1]!
}

/** Where the states of all partitions lie, and whose one is. */
export function partitionRange(): { gte: Buffer; lt: Buffer } {
  return all(PARTITION)
}

export function partitionOfKey(key: Buffer): PartitionId {
  return { topicId: key.readUInt32BE(1), partition: key.readUInt32BE(5) }
}

/** Where all that a partition holds lies: its chunks, and its index of times. */
export function contentRanges(id: PartitionId): readonly { gte: Buffer; lte: Buffer }[] {
  return [chunkKey, timeKey].map((key) => ({ gte: key(id, 0), lte: key(id, Number.MAX_SAFE_INTEGER) }))
}

export function writerKey(id: string): Buffer {
  return Buffer.from(WRITER + id)
}

/** The transactional id in a key of `writerKey`. */
export function writerIn(key: Buffer): string {
  return key.toString('utf8', WRITER.length)
}

/** Where all writers of transactions lie. */
export function writerRange(): { gte: Buffer; lt: Buffer } {
  return all(WRITER)
}

function all(kind: string): { gte: Buffer; lt: Buffer } {
  return { gte: Buffer.from(kind), lt: Buffer.from(String.fromCharCode(kind.charCodeAt(0) + 1)) }
}

function offsetKey(kind: string, { topicId, partition }: PartitionId, offset: number): Buffer {
  const key = Buffer.alloc(17)
  key.write(kind, 0, 'latin1')
  key.writeUInt32BE(topicId, 1)
  key.writeUInt32BE(partition, 5)
  key.writeBigUInt64BE(BigInt(offset), 9)
  return key
}
