import { MillraceError } from '../../../lib/errors.ts'

/**
 * One message on the socket: what it says as JSON, and the chunks of records that go with it as they are.
 *
 *     bytes that follow u32 · bytes of the JSON u32 · JSON (with `sizes` of the parts) · parts
 */
export interface Frame<M> {
  readonly message: M
  readonly parts: readonly Buffer[]
}

const HEAD_BYTES = 8
/** What is larger was not sent by us. */
const MAX_FRAME_BYTES = 1024 * 1024 * 1024

/** In pieces, so that chunks are not copied. */
export function encodeFrame({ message, parts }: Frame<object>): Buffer[] {
  const json = Buffer.from(JSON.stringify({ ...message, sizes: parts.map(({ length }) => length) }))
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  const bytes = parts.reduce((sum, { length }) => sum + length, json.length + 4)
  head.writeUInt32BE(bytes, 0)
  head.writeUInt32BE(json.length, 4)
  return [head, json, ...parts]
}

/** Puts frames together from what a socket delivers; each one is copied once, into memory of its own. */
export class FrameReader<M> {
  readonly #head = Buffer.alloc(4)
  #headBytes = 0
  #body: Buffer | undefined
  #bodyBytes = 0

  #readHead(data: Buffer, at: number): number {
    const taken = data.copy(this.#head, this.#headBytes, at)
    this.#headBytes += taken
    if (this.#headBytes < 4) return taken
    const bytes = this.#head.readUInt32BE(0)
    if (bytes > MAX_FRAME_BYTES) {
      throw new MillraceError('INTERNAL', `a message of ${bytes} bytes on the socket of the embedded log`)
    }
    this.#body = Buffer.allocUnsafeSlow(bytes)
    this.#bodyBytes = 0
    this.#headBytes = 0
    return taken
  }

  *read(data: Buffer): Generator<Frame<M>> {
    for (let at = 0; at < data.length; ) {
      if (this.#body === undefined) at += this.#readHead(data, at)
      if (this.#body === undefined) continue
      const taken = data.copy(this.#body, this.#bodyBytes, at)
      at += taken
      this.#bodyBytes += taken
      if (this.#bodyBytes < this.#body.length) continue
      yield decodeBody(this.#body)
      this.#body = undefined
    }
  }
}

function decodeBody<M>(body: Buffer): Frame<M> {
  let at = 4 + body.readUInt32BE(0)
  const { sizes, ...message } = JSON.parse(body.toString('utf8', 4, at)) as { sizes: number[] }
  const parts = sizes.map((size) => {
    at += size
    return body.subarray(at - size, at)
  })
  return { message: message as M, parts }
}
