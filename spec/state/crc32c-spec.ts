import { expect } from 'chai'
import { crc32c } from '../../lib/state/crc32c.ts'

describe('crc32c', () => {
  it("should be RFC 3720's", () => {
    const answers: [Buffer, string][] = [
      [Buffer.alloc(0), '00000000'],
      [Buffer.from('123456789'), 'e3069283'],
      [Buffer.alloc(32), '8a9136aa'],
      [Buffer.alloc(32, 0xff), '62a8ab43'],
      [Buffer.from(Array.from({ length: 32 }, (_, i) => i)), '46dd794e'],
    ]
    for (const [bytes, answer] of answers)
      expect((crc32c(bytes) >>> 0).toString(16).padStart(8, '0')).to.equal(answer)
  })
})
