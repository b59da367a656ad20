import { promisify } from 'node:util'
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { compress as compressSnappy, uncompress as uncompressSnappy } from 'snappy'
import { MillraceError } from '../../lib/errors.ts'

/** What kafkajs asks of a codec; `encoder.buffer` is what is to be compressed. */
export interface KafkaCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}

/** A batch that grows beyond this when decompressed is refused: it is broken, or a bomb. */
const MAX_DECOMPRESSED = 256 * 1024 * 1024
const LIMIT = { maxOutputLength: MAX_DECOMPRESSED }

const gzipped: KafkaCodec = {
  compress: ({ buffer }) => promisify(gzip)(buffer),
  decompress: (bytes) => promisify<Buffer, object, Buffer>(gunzip)(bytes, LIMIT),
}

const zstd: KafkaCodec = {
  compress: ({ buffer }) => promisify(zstdCompress)(buffer) as Promise<Buffer>,
  decompress: (bytes) => promisify<Buffer, object, Buffer>(zstdDecompress)(bytes, LIMIT),
}

/** Kafka wants LZ4 frames, not bare blocks. */
const lz4: KafkaCodec = {
  compress: ({ buffer }) => compressFrame(buffer),
  decompress: (bytes) => decompressFrame(bytes),
}

/** Kafka's readers take a bare block as well as the framing of snappy-java, which the Java client writes. */
const snappy: KafkaCodec = {
  compress: ({ buffer }) => compressSnappy(buffer),
  decompress: (bytes) =>
    bytes.subarray(0, 8).equals(XERIAL_MAGIC) ? unframe(bytes) : uncompressBlock(bytes),
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER = 16

/** snappy-java's SnappyOutputStream: a header, then blocks, each after its length. */
async function unframe(bytes: Buffer): Promise<Buffer> {
  const blocks: Buffer[] = []
  let total = 0
  for (let at = XERIAL_HEADER; at < bytes.length; ) {
    const length = bytes.readInt32BE(at)
    const block = await uncompressBlock(bytes.subarray(at + 4, at + 4 + length))
    total += block.length
    if (total > MAX_DECOMPRESSED) throw tooLarge()
    blocks.push(block)
    at += 4 + length
  }
  return Buffer.concat(blocks)
}

async function uncompressBlock(bytes: Buffer): Promise<Buffer> {
  if (decompressedLength(bytes) > MAX_DECOMPRESSED) throw tooLarge()
  return Buffer.from(await uncompressSnappy(bytes))
}

/** A snappy block begins with its decompressed length. */
function decompressedLength(bytes: Buffer): number {
  let length = 0
  for (let i = 0, scale = 1; i < 5; i++, scale *= 0x80) {
    const byte = bytes[i] ?? 0
    length += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  return length
}

function tooLarge(): MillraceError {
  return new MillraceError('POISON', `a record batch decompresses to more than ${MAX_DECOMPRESSED} bytes`)
}

/** By the code in a batch's attributes, as kafkajs wants them: each behind a function. */
export const KAFKA_CODECS = { 1: () => gzipped, 2: () => snappy, 3: () => lz4, 4: () => zstd }
