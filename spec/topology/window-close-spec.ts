import { expect } from 'chai'
import { count, json, keyBy, session, sliding, topic, topology, tumbling, window } from '../../lib/index.ts'
import type { Node } from '../../lib/topology/nodes.ts'
import { closesAfter, windowsOf } from '../../lib/topology/window-close.ts'
import type { Windows } from '../../lib/windows/windows.ts'

/** The node that counts in these windows, or over all time. */
function counted(windows?: Windows): Node {
  const nodes: Node[] = []
  topology('spec', ({ source }) => {
    const keyed = source('in', topic('in', { value: json<string>() })).pipe(
      keyBy('by-value', (value) => value),
    )
    const counts =
      windows === undefined
        ? keyed.pipe(count('counts'))
        : keyed.pipe(window('windows', windows), count('counts'))
    nodes.push(counts.node)
  })
  return nodes[0]!
}

const behind = (...parents: readonly Node[]) =>
  ({ kind: 'tableJoin', name: 'join', parents }) as unknown as Node

describe('how long after its end a window may change', () => {
  it('should be the grace, and for sessions the gap more', () => {
    expect(closesAfter(counted(tumbling(10, { grace: 5 })))).to.equal(5)
    expect(closesAfter(counted(sliding(10, { grace: 5 })))).to.equal(5)
    expect(closesAfter(counted(session(10, { grace: 5 })))).to.equal(15)
  })

  it('should be the longest of all windows upstream', () => {
    const both = behind(counted(tumbling(10, { grace: 5 })), counted(session(10, { grace: 5 })))
    expect(closesAfter(behind(both))).to.equal(15)
    expect(windowsOf(behind(both))?.kind).to.equal('time')
  })

  it('should not be known where something upstream has no windows', () => {
    expect(closesAfter(counted())).to.equal(undefined)
    expect(closesAfter(behind(counted(tumbling(10)), counted()))).to.equal(undefined)
    expect(windowsOf(counted())).to.equal(undefined)
  })
})
