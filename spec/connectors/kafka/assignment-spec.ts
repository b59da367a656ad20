import { expect } from 'chai'
import { Assignments, type Member } from '../../../connectors/kafka/assignment.ts'
import { Batch } from '../../../connectors/kafka/repairs/batch.ts'
import { MillraceError } from '../../../lib/errors.ts'
import type { Position, TopicPartition } from '../../../lib/record.ts'
import { Collector } from '../../conformance/collector.ts'

const P0: TopicPartition = { topic: 't', partition: 0 }
const SHARE = { partitions: [P0], standbys: [], owners: [] }

/** Writes down what the assignment asks of its member. */
class Notes implements Member {
  readonly lines: string[] = []

  pause(partitions: readonly TopicPartition[]): void {
    this.lines.push(`pause ${partitions.map(({ partition }) => partition)}`)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.lines.push(`resume ${partitions.map(({ partition }) => partition)}`)
  }

  seek({ partition, offset }: Position): void {
    this.lines.push(`seek ${partition} to ${offset}`)
  }
}

function fetched(from: number, next: number): Batch {
  const messages = Object.assign([], { next })
  return new Batch('t', from, { partition: 0, highWatermark: '100', messages })
}

function assignments(collector: Collector, positions: () => Promise<readonly Position[]>): Assignments {
  return new Assignments({ listener: collector, positions, fail: (error) => collector.failed(error) })
}

describe('Kafka assignments', () => {
  it('should pause at once, and begin only when the listener knows', async () => {
    const collector = new Collector()
    const notes = new Notes()
    const under = assignments(collector, async () => [{ ...P0, offset: 5 }])
    under.joined(notes, SHARE)
    expect(notes.lines).to.deep.equal(['pause 0'])
    expect(under.batch(fetched(5, 6))).to.equal(undefined)
    await collector.until(({ events }) => events.includes('assigned'))
    await settled(() => notes.lines.includes('resume 0'))
    expect(notes.lines).to.deep.equal(['pause 0', 'seek 0 to 5', 'resume 0'])
    expect(under.batch(fetched(5, 8))).to.equal(8)
    expect(collector.batches.map(({ next }) => next)).to.deep.equal([8])
  })

  it('should drop a batch from elsewhere and go back to where it is', async () => {
    const collector = new Collector()
    const notes = new Notes()
    const under = assignments(collector, async () => [{ ...P0, offset: 5 }])
    under.joined(notes, SHARE)
    await settled(() => notes.lines.includes('resume 0'))
    for (const from of [0, 9]) expect(under.batch(fetched(from, 20))).to.equal(undefined)
    expect(collector.batches).to.deep.equal([])
    expect(notes.lines.slice(-2)).to.deep.equal(['seek 0 to 5', 'seek 0 to 5'])
  })

  it('should fail when the client keeps coming from elsewhere', async () => {
    const collector = new Collector()
    const notes = new Notes()
    const under = assignments(collector, async () => [{ ...P0, offset: 5 }])
    under.joined(notes, SHARE)
    await settled(() => notes.lines.includes('resume 0'))
    const often = () => Array.from({ length: 20 }, () => under.batch(fetched(0, 1)))
    expect(often).to.throw(MillraceError, 't/0').with.property('code', 'INTERNAL')
  })

  it('should give up an assignment that a newer one overtakes', async () => {
    const collector = new Collector()
    const slow = Promise.withResolvers<readonly Position[]>()
    const answers = [slow.promise, Promise.resolve([{ ...P0, offset: 2 }])]
    const under = assignments(collector, () => answers.shift()!)
    const [first, second] = [new Notes(), new Notes()]
    under.joined(first, SHARE)
    await settled(() => answers.length === 1)
    under.joined(second, SHARE)
    await settled(() => second.lines.includes('resume 0'))
    slow.resolve([{ ...P0, offset: 1 }])
    await collector.until(({ assignments }) => assignments.length === 1)
    expect(collector.assignments[0]!.positions).to.deep.equal([{ ...P0, offset: 2 }])
    expect(first.lines).to.deep.equal(['pause 0'])
  })

  it('should revoke once, before it assigns again', async () => {
    const collector = new Collector()
    const notes = new Notes()
    const under = assignments(collector, async () => [{ ...P0, offset: 0 }])
    under.joined(notes, SHARE)
    await collector.until(({ assignments }) => assignments.length === 1)
    under.changing()
    under.changing()
    under.joined(notes, SHARE)
    await collector.until(({ assignments }) => assignments.length === 2)
    under.lost()
    await collector.until(({ events }) => events.length === 4)
    expect(collector.events).to.deep.equal(['assigned', 'revoked', 'assigned', 'revoked'])
  })

  it('should leave paused what the listener paused', async () => {
    const notes = new Notes()
    const collector = new Collector(() => under.flow([P0], 'paused'))
    const under = assignments(collector, async () => [{ ...P0, offset: 0 }])
    under.joined(notes, SHARE)
    await settled(() => notes.lines.includes('resume '))
    under.flow([P0], 'flowing')
    expect(notes.lines.at(-1)).to.equal('resume 0')
  })

  it('should begin nothing after its end', async () => {
    const collector = new Collector()
    const notes = new Notes()
    let asked = 0
    const under = assignments(collector, async () => {
      asked++
      return [{ ...P0, offset: 0 }]
    })
    under.end()
    under.joined(notes, SHARE)
    await new Promise(setImmediate)
    expect(notes.lines).to.deep.equal(['pause 0'])
    expect(asked).to.equal(0)
  })

  it('should pass on why the positions could not be had', async () => {
    const collector = new Collector()
    const refusal = new MillraceError('DATA_LOSS', 'gone')
    assignments(collector, () => Promise.reject(refusal)).joined(new Notes(), SHARE)
    expect(await collector.untilFailed()).to.equal(refusal)
  })
})

/** Lets pending promises run until it holds: nothing here waits for time. */
async function settled(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !holds(); turn++) await Promise.resolve()
  expect(holds()).to.equal(true)
}
