import { MillraceError } from '../errors.ts'

/** Confluent's wire format: a zero byte, the writer schema's id as a big-endian int32, the Avro body. */
export const HEADER_BYTES = 5
const MAGIC = 0

export function writeHeader(target: Buffer, schemaId: number): void {
  target[0] = MAGIC
  target.writeInt32BE(schemaId, 1)
}

/** The writer schema's id, or undefined where there is none to read. */
export function peekSchemaId(bytes: Buffer): number | undefined {
  return bytes.length >= HEADER_BYTES && bytes[0] === MAGIC ? bytes.readInt32BE(1) : undefined
}

/** The writer schema's id. Throws `POISON` for bytes that are not of this format. */
export function schemaIdOf(bytes: Buffer): number {
  if (bytes.length < HEADER_BYTES) {
    throw new MillraceError(
      'POISON',
      `too short: ${bytes.length} bytes, and the Confluent wire format begins with ${HEADER_BYTES}`,
    )
  }
  if (bytes[0] !== MAGIC) {
    throw new MillraceError(
      'POISON',
      'wrong magic byte: not written in the Confluent wire format (which begins with 0)',
    )
  }
  return bytes.readInt32BE(1)
}
