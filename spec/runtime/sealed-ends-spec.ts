import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import type { Position } from '../../lib/record.ts'
import { readKey } from '../../lib/runtime/changelog.ts'
import { ChangelogEnds } from '../../lib/runtime/changelog-ends.ts'
import { type EndedTask, sealEnds } from '../../lib/runtime/sealed-ends.ts'
import { ChangeloggedState } from '../../lib/state/changelogged-state.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import { TaskState } from '../../lib/state/task-state.ts'
import { adminWith } from './ports.ts'

/** Partition 0 of each topic ends at 10. */
const admin = adminWith([])

function ended(): EndedTask {
  const changelogs = { application: 'spec', partition: 0, stores: ['a'] }
  const backend = new ChangeloggedState(memoryState())
  const ends = new ChangelogEnds(admin, changelogs)
  return {
    state: { changelogs, ends, backend, task: new TaskState(backend) },
    positions: [{ topic: 'in', partition: 0, offset: 7 }],
  }
}

const known = ({ state }: EndedTask) => state.backend.meta[readKey('a')]

describe('the ends of changelogs when tasks end', () => {
  it('should be saved with the state, once the group has taken the positions again', async () => {
    const task = ended()
    await task.state.backend.save({ checkpoint: '3' })
    const committed: Position[] = []
    await sealEnds([task], admin, async (positions) => {
      expect(known(task)).to.equal(undefined)
      committed.push(...positions)
    })
    expect(committed).to.deep.equal(task.positions)
    expect(task.state.backend.meta).to.deep.equal({ checkpoint: '3', [readKey('a')]: '10' })
  })

  it('should not be known to who has lost its tasks, nor where the broker is away', async () => {
    for (const code of ['FENCED', 'UNREACHABLE'] as const) {
      const task = ended()
      await sealEnds([task], admin, () => Promise.reject(new MillraceError(code, 'not taken')))
      expect(known(task)).to.equal(undefined)
    }
  })

  it('should be asked for once a topic, and not at all where nothing has ended', async () => {
    const asked: string[] = []
    const offsets = (topic: string) => {
      asked.push(topic)
      return admin.offsets(topic)
    }
    const counting = { offsets }
    await sealEnds([], counting, () => expect.fail('nothing to commit'))
    await sealEnds([ended(), ended()], counting, async () => {})
    expect(asked).to.deep.equal(['spec-a-changelog'])
  })
})
