import { expect } from 'chai'
import { formatLsn, parseLsn } from '../../../../connectors/postgres/capture/lsn.ts'
import {
  parseReplicationMessage,
  standbyStatus,
} from '../../../../connectors/postgres/capture/replication-message.ts'

describe('replication messages', () => {
  it('should parse data', () => {
    const bytes = Buffer.from(`77${'00'.repeat(7)}01${'00'.repeat(7)}02${'00'.repeat(8)}4243`, 'hex')
    expect(parseReplicationMessage(bytes)).to.deep.equal({
      kind: 'data',
      walEnd: 2n,
      payload: Buffer.from('BC'),
    })
  })

  it('should parse a keepalive that wants an answer', () => {
    const bytes = Buffer.from(`6b${'00'.repeat(3)}0100000002${'00'.repeat(8)}01`, 'hex')
    expect(parseReplicationMessage(bytes)).to.deep.equal({
      kind: 'keepalive',
      walEnd: parseLsn('1/2'),
      replyRequested: true,
    })
  })

  it('should refuse anything else', () => {
    expect(() => parseReplicationMessage(Buffer.from('x'))).to.throw(RangeError)
  })

  it('should tell what is written apart from what is flushed', () => {
    const status = standbyStatus(parseLsn('2/3'), parseLsn('1/2'), Date.parse('2000-01-01T00:00:01Z'))
    const [written, flushed, applied, clock] = [1, 9, 17, 25].map((at) => status.readBigUInt64BE(at))
    expect(status[0]).to.equal('r'.charCodeAt(0))
    expect([written, flushed, applied]).to.deep.equal([0x200000003n, 0x100000002n, 0x100000002n])
    expect(clock).to.equal(1_000_000n)
    expect(status[33]).to.equal(0)
  })
})

describe('lsn', () => {
  it('should read and write the text form', () => {
    for (const text of ['0/0', '0/16B3748', '16/B374D848', 'FFFFFFFF/FFFFFFFF']) {
      expect(formatLsn(parseLsn(text))).to.equal(text)
    }
  })

  it('should order by position', () => {
    expect(parseLsn('1/0') > parseLsn('0/FFFFFFFF')).to.equal(true)
  })

  it('should refuse other text', () => {
    for (const text of ['', '1', '1/', 'G/0', '1/123456789']) {
      expect(() => parseLsn(text), text).to.throw(TypeError)
    }
  })
})
