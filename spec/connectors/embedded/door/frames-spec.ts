import { expect } from 'chai'
import fc from 'fast-check'
import { encodeFrame, type Frame, FrameReader } from '../../../../connectors/embedded/door/frames.ts'

const part = fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes))
const frame = fc.record({
  message: fc.record({ op: fc.string(), numbers: fc.array(fc.nat()) }),
  parts: fc.array(part, { maxLength: 5 }),
})

describe('frames of the embedded log', () => {
  it('should come out as they went in, however the socket cuts them', () => {
    fc.assert(
      fc.property(fc.array(frame), fc.integer({ min: 1, max: 40 }), (frames, step) => {
        const stream = Buffer.concat(frames.flatMap((one) => encodeFrame(one)))
        const reader = new FrameReader<(typeof frames)[number]['message']>()
        const read: Frame<unknown>[] = []
        for (let at = 0; at < stream.length; at += step) {
          read.push(...reader.read(stream.subarray(at, at + step)))
        }
        expect(read).to.deep.equal(frames)
      }),
    )
  })

  it('should refuse what can be no frame', () => {
    const reader = new FrameReader()
    expect(() => [...reader.read(Buffer.from('GET / HTTP/1.1'))]).to.throw('bytes on the socket')
  })
})
