import { expect } from 'chai'
import { CommittedReads } from '../../../lib/runtime/view/committed-reads.ts'
import { settled } from '../ports.ts'

describe('reads of committed state', () => {
  it('should look at once between two micro-batches', async () => {
    const reads = new CommittedReads()
    expect(await reads.read(() => 1)).to.deep.equal({ value: 1, committed: true })
  })

  it('should wait for the micro-batch in hand', async () => {
    const reads = new CommittedReads()
    let state = 'changing'
    reads.begin()
    const read = reads.read(() => state)
    await settled()
    state = 'committed'
    reads.end()
    expect(await read).to.deep.equal({ value: 'committed', committed: true })
  })

  it('should wait on where the next micro-batch has begun before it could look', async () => {
    const reads = new CommittedReads()
    let state = 'first'
    reads.begin()
    const read = reads.read(() => state)
    await settled()
    reads.end()
    reads.begin()
    state = 'changing'
    await settled()
    state = 'second'
    reads.end()
    expect(await read).to.deep.equal({ value: 'second', committed: true })
  })

  it('should not wait for ever, and say that what it saw is not committed', async () => {
    const reads = new CommittedReads(1)
    reads.begin()
    expect(await reads.read(() => 'changing')).to.deep.equal({ value: 'changing', committed: false })
  })

  it('should see nothing of a state that is given up, waiting or not', async () => {
    const reads = new CommittedReads()
    reads.begin()
    const waiting = reads.read(() => 'changing')
    reads.close()
    expect(await waiting).to.equal(undefined)
    expect(await reads.read(() => 'changing')).to.equal(undefined)
  })

  it('should hand on what looking throws', async () => {
    const failing = new CommittedReads().read(() => {
      throw new RangeError('no such row')
    })
    expect(await failing.catch((error: Error) => error.message)).to.equal('no such row')
  })
})
