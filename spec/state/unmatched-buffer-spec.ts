import { expect } from 'chai'
import { json, stringKey } from '../../lib/contract/serde.ts'
import { MemoryBytes } from '../../lib/state/memory-bytes.ts'
import type { OrderedBytes } from '../../lib/state/ordered-bytes.ts'
import { type SideTimes, UnmatchedBuffer, type UnmatchedRecord } from '../../lib/state/unmatched-buffer.ts'
import { seededRandom } from '../../lib/testing/random.ts'

const values = { left: json<unknown>(), right: json<unknown>() }
const bufferOn = (bytes: OrderedBytes) => new UnmatchedBuffer(stringKey as never, values, bytes)

const record = (side: 'left' | 'right', key: string, timestamp: number, value = '') => ({
  side,
  key,
  timestamp,
  value,
})

/** The loop of KStreamKStreamJoin#emitNonJoinedOuterRecords as it is written there: over all that wait, by time. */
class WalkingBuffer {
  #waiting: UnmatchedRecord[] = []
  oldest = Number.POSITIVE_INFINITY

  add(added: UnmatchedRecord): void {
    this.#waiting.push(added)
    this.oldest = Math.min(this.oldest, added.timestamp)
  }

  delete(side: string, key: unknown, timestamp: number): void {
    this.#waiting = this.#waiting.filter(
      (other) => other.side !== side || other.key !== key || other.timestamp !== timestamp,
    )
  }

  take(before: SideTimes): UnmatchedRecord[] {
    this.oldest = Number.POSITIVE_INFINITY
    const [taken, open]: [UnmatchedRecord[], Set<string>] = [[], new Set()]
    for (const waiting of this.#waiting.toSorted(byTimeSideKey)) {
      this.oldest = waiting.timestamp
      if (open.size === 2) break
      if (waiting.timestamp >= before[waiting.side]) open.add(waiting.side)
      else taken.push(waiting)
    }
    this.#waiting = this.#waiting.filter((waiting) => !taken.includes(waiting))
    return taken
  }
}

function byTimeSideKey(a: UnmatchedRecord, b: UnmatchedRecord): number {
  if (a.timestamp !== b.timestamp) return a.timestamp - b.timestamp
  if (a.side !== b.side) return a.side === 'right' ? -1 : 1
  return a.key === b.key ? 0 : String(a.key) < String(b.key) ? -1 : 1
}

/** Counts the entries that are walked over. */
class CountedBytes extends MemoryBytes {
  walked = 0

  override *entries(from?: string, to?: string) {
    for (const entry of super.entries(from, to)) {
      this.walked++
      yield entry
    }
  }

  override *entriesReversed(from?: string, to?: string) {
    for (const entry of super.entriesReversed(from, to)) {
      this.walked++
      yield entry
    }
  }
}

describe('UnmatchedBuffer', () => {
  it('should have nothing at first', () => {
    const buffer = bufferOn(new MemoryBytes())
    expect(buffer.oldest).to.equal(Number.POSITIVE_INFINITY)
    expect([...buffer.take({ left: 1000, right: 1000 })]).to.deep.equal([])
    expect(buffer.oldest).to.equal(Number.POSITIVE_INFINITY)
  })

  it('should take out what is older than its side is to wait, right before left, and only once', () => {
    const buffer = bufferOn(new MemoryBytes())
    const [a, b, c, d, e] = [
      record('left', 'a', 5),
      record('right', 'b', 5),
      record('left', 'a', 3, 'first'),
      record('left', 'a', 3, 'second'),
      record('right', 'c', 8),
    ]
    for (const added of [a, b, c, d, e]) buffer.add(added)
    const before = { left: 6, right: 8 }
    expect([...buffer.take(before)]).to.deep.equal([c, d, b, a])
    expect([...buffer.take(before)]).to.deep.equal([])
    expect([...buffer.take({ left: 9, right: 9 })]).to.deep.equal([e])
  })

  it('should forget all that is matched, of one side, key and time', () => {
    const buffer = bufferOn(new MemoryBytes())
    for (const key of ['a', 'a', 'a\0', 'b']) buffer.add(record('left', key, 5))
    buffer.add(record('right', 'a', 5))
    buffer.add(record('left', 'a', 6))
    buffer.delete('left', 'a', 5)
    const left = [...buffer.take({ left: 9, right: 9 })].map(({ side, key, timestamp }) => [
      side,
      key,
      timestamp,
    ])
    expect(left).to.deep.equal([
      ['right', 'a', 5],
      ['left', 'a\0', 5],
      ['left', 'b', 5],
      ['left', 'a', 6],
    ])
  })

  it('should do as Kafka Streams does, which walks over all, opened anew at any time', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed)
      const below = (n: number) => Math.floor(random() * n)
      const [bytes, walking] = [new MemoryBytes(), new WalkingBuffer()]
      let buffer = bufferOn(bytes)
      for (let step = 0; step < 100; step++) {
        const one = record(
          below(2) === 0 ? 'left' : 'right',
          `k${below(3)}`,
          below(10) + (step >> 2),
          `${step}`,
        )
        const what = below(10)
        if (what < 7) for (const each of [buffer, walking]) each.add(one)
        else if (what < 8) for (const each of [buffer, walking]) each.delete(one.side, one.key, one.timestamp)
        else {
          const before = { left: below(12) + (step >> 2) - 2, right: below(12) + (step >> 2) - 2 }
          expect([...buffer.take(before)], `seed ${seed}, step ${step}`).to.deep.equal(walking.take(before))
          buffer = bufferOn(bytes)
        }
        expect(buffer.oldest, `oldest: seed ${seed}, step ${step}`).to.equal(walking.oldest)
      }
    }
  })

  it('should not walk over those that wait on', () => {
    for (const sides of [['left'], ['right'], ['left', 'right']] as const) {
      const bytes = new CountedBytes()
      const buffer = bufferOn(bytes)
      for (let i = 0; i < 3000; i++) buffer.add(record(sides[i % sides.length]!, `k${i}`, 100 + i))
      buffer.add(record(sides[0], 'due', 1))
      bytes.walked = 0
      expect([...buffer.take({ left: 50, right: 50 })]).to.have.length(1)
      expect(bytes.walked, sides.join()).to.be.lessThan(10)
    }
  })
})
