import { expect } from 'chai'
import { Pauses } from '../../lib/runtime/pauses.ts'

const at = (topic: string, partition: number) => ({ topic, partition })

describe('pauses', () => {
  it('should hold the partitions that were named, until they are named again', () => {
    const pauses = new Pauses()
    pauses.pause([at('a', 0), at('a', 1)])
    pauses.resume([at('a', 1), at('b', 0)])
    expect([pauses.has(at('a', 0)), pauses.has(at('a', 1)), pauses.has(at('b', 0))]).to.deep.equal([
      true,
      false,
      false,
    ])
    expect(pauses.now).to.deep.equal([at('a', 0)])
  })

  it('should hold everything without a name, and let go of everything together', () => {
    const pauses = new Pauses()
    pauses.pause([at('a', 0)])
    pauses.pause()
    expect([pauses.has(at('b', 7)), pauses.now]).to.deep.equal([true, 'all'])
    pauses.resume()
    expect([pauses.has(at('a', 0)), pauses.has(at('b', 7)), pauses.now]).to.deep.equal([false, false, []])
  })
})
