import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import { Committer } from '../../lib/runtime/committer.ts'
import { ArrayConsumer, settled } from './ports.ts'

const at = (partition: number, offset: number) => ({ topic: 't', partition, offset })
const never = new AbortController().signal

describe('committer', () => {
  it('should commit under its generation, and resolve when that is done', async () => {
    const consumer = new ArrayConsumer()
    const gate = Promise.withResolvers<void>()
    const generations: number[] = []
    consumer.before = (generation) => {
      generations.push(generation)
      return gate.promise
    }
    let done = false
    const committed = new Committer(consumer, 7, never).commit([at(0, 5)]).then(() => {
      done = true
    })
    await settled()
    expect(done).to.equal(false)
    gate.resolve()
    await committed
    expect(consumer.commits).to.deep.equal([[at(0, 5)]])
    expect(generations).to.deep.equal([7])
  })

  it('should take all that came up meanwhile together in the next request, and the latest of a partition', async () => {
    const consumer = new ArrayConsumer()
    const gate = Promise.withResolvers<void>()
    consumer.before = () => gate.promise
    const committer = new Committer(consumer, 7, never)
    const first = committer.commit([at(0, 1)])
    await settled()
    const all = [at(1, 1), at(2, 1), at(1, 2), at(0, 2)].map((position) => committer.commit([position]))
    await settled()
    gate.resolve()
    await Promise.all([first, ...all])
    expect(consumer.commits).to.deep.equal([[at(0, 1)], [at(1, 2), at(2, 1), at(0, 2)]])
  })

  it('should try again while the broker is away', async () => {
    const consumer = new ArrayConsumer()
    let failures = 2
    consumer.before = () => {
      if (failures-- > 0) throw new MillraceError('UNREACHABLE', 'away')
    }
    await new Committer(consumer, 7, never).commit([at(0, 5)])
    expect(consumer.commits).to.deep.equal([[at(0, 5)]])
  })

  it('should reject for each of the positions when the assignment has ended, and go on with later ones', async () => {
    const consumer = new ArrayConsumer()
    consumer.before = () => {
      throw new MillraceError('FENCED', 'over')
    }
    const committer = new Committer(consumer, 7, never)
    const outcomes = await Promise.allSettled(
      [at(0, 1), at(1, 1), at(2, 1)].map((one) => committer.commit([one])),
    )
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected'])
    consumer.before = () => {}
    await committer.commit([at(0, 2)])
    expect(consumer.commits).to.deep.equal([[at(0, 2)]])
  })

  it('should end its retries when aborted', async () => {
    const consumer = new ArrayConsumer()
    const abort = new AbortController()
    consumer.before = () => {
      setImmediate(() => abort.abort(new MillraceError('FENCED', 'over')))
      throw new MillraceError('UNREACHABLE', 'away')
    }
    const error = await new Committer(consumer, 7, abort.signal)
      .commit([at(0, 1)])
      .catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(MillraceError)
    expect(consumer.commits).to.deep.equal([])
  })
})
