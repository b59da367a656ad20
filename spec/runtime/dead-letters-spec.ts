import { expect } from 'chai'
import { LARGEST_CONTENT, recordSize } from '../../lib/broker/record-size.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { Headers, RawRecord } from '../../lib/record.ts'
import { DEAD_LETTER, deadLetter } from '../../lib/runtime/dead-letters.ts'

const MB = 1_000_000
const LARGEST_RECORD = 1_048_588

function letterOf(part: Partial<RawRecord>) {
  const whole = { key: Buffer.from('k'), value: Buffer.from('v'), headers: [] as Headers }
  const raw: RawRecord = { topic: 'in', partition: 0, offset: 7, timestamp: 5, ...whole, ...part }
  const letter = deadLetter('dlq', 'app', 'step', new MillraceError('REJECTED', 'why'), raw)
  const headers = new Map(letter.headers.map(([name, value]) => [name, String(value)]))
  return { letter, headers, omitted: headers.get(DEAD_LETTER.omitted) }
}

describe('a dead letter', () => {
  it('should keep key, value, headers and time, and say why', () => {
    const { letter, headers, omitted } = letterOf({ headers: [['trace', Buffer.from('t')]] })
    expect([letter.topic, String(letter.key), String(letter.value), letter.timestamp]).to.deep.equal([
      ...['dlq', 'k', 'v', 5],
    ])
    expect(headers.get('trace')).to.equal('t')
    expect([headers.get(DEAD_LETTER.reason), headers.get(DEAD_LETTER.offset)]).to.deep.equal(['why', '7'])
    expect(omitted).to.equal(undefined)
  })

  it('should not keep what an earlier dead letter said', () => {
    const { headers } = letterOf({ headers: [[DEAD_LETTER.omitted, Buffer.from('old')]] })
    expect(headers.has(DEAD_LETTER.omitted)).to.equal(false)
  })

  const header = (name: string, bytes: number) => [name, Buffer.alloc(bytes)] as const
  for (const [what, part, omitted, kept] of [
    ['a huge value', { value: Buffer.alloc(2 * MB) }, 'value of 2000000 bytes', { key: 'k' }],
    ['a huge key', { key: Buffer.alloc(2 * MB) }, 'key of 2000000 bytes', { value: 'v' }],
    [
      'a huge header',
      { headers: [header('a', 10), header('b', 2 * MB)] },
      'header b of 2000011 bytes',
      { key: 'k', value: 'v' },
    ],
    [
      'all of them',
      { key: Buffer.alloc(MB), value: Buffer.alloc(2 * MB), headers: [header('a', 10), header('b', 3 * MB)] },
      'header b of 3000011 bytes, value of 2000000 bytes, key of 1000000 bytes',
      {},
    ],
    [
      'what is too large only together, its largest part',
      { key: Buffer.alloc(0.3 * MB), value: Buffer.alloc(0.4 * MB), headers: [header('a', 0.35 * MB)] },
      'value of 400000 bytes',
      {},
    ],
  ] as const) {
    it(`should leave out ${what}`, () => {
      const found = letterOf(part)
      expect(found.omitted).to.equal(omitted)
      expect(recordSize(found.letter)).to.be.below(LARGEST_RECORD)
      if ('key' in kept) expect(String(found.letter.key)).to.equal(kept.key)
      if ('value' in kept) expect(String(found.letter.value)).to.equal(kept.value)
    })
  }

  it('should keep what just fits', () => {
    const { letter, omitted } = letterOf({ value: Buffer.alloc(LARGEST_CONTENT - 100) })
    expect(omitted).to.equal(undefined)
    expect(recordSize(letter)).to.be.below(LARGEST_RECORD)
  })

  it('should find room beside very many headers, and one of a huge name', () => {
    for (const headers of [
      Array.from({ length: 40_000 }, (_, i) => header(`h${i}`, 30)),
      [header('n'.repeat(2 * MB), 1)],
    ]) {
      const { letter, omitted } = letterOf({ headers })
      expect(omitted).to.match(/^header /)
      expect(omitted!.length).to.be.at.most(1000)
      expect(recordSize(letter)).to.be.below(LARGEST_RECORD)
    }
  })
})
