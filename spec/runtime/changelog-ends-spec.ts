import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import { ChangelogEnds } from '../../lib/runtime/changelog-ends.ts'
import { adminWith } from './ports.ts'

/** Partition 0 of each topic ends at 10. */
const admin = adminWith([])
const place = { application: 'spec', partition: 0, stores: ['a', 'b'] }
const ENDS = { 'changelog/a': '10', 'changelog/b': '10' }

describe('the ends of changelogs', () => {
  it('should be known once the group has taken a commit after they were asked for', async () => {
    const ends = new ChangelogEnds(admin, place, 0)
    ends.committed()
    await ends.ask()
    expect(ends.known).to.deep.equal({})
    ends.committed()
    expect(ends.known).to.deep.equal(ENDS)
  })

  it('should stay as they were known while nobody asks, and be asked for no more often than need be', async () => {
    const asked: string[] = []
    const counting = {
      ...admin,
      offsets: (topic: string) => {
        asked.push(topic)
        return admin.offsets(topic)
      },
    }
    const ends = new ChangelogEnds(counting, place, 60_000)
    for (let i = 0; i < 3; i++) await ends.ask()
    ends.committed()
    expect([asked, ends.known]).to.deep.equal([[], {}])
    const often = new ChangelogEnds(counting, place, 0)
    await often.ask()
    often.committed()
    often.committed()
    expect([asked.length, often.known]).to.deep.equal([2, ENDS])
  })

  it('should be asked for another time when the broker is away', async () => {
    const failures = [new MillraceError('UNREACHABLE', 'away')]
    const flaky = {
      ...admin,
      offsets: async (topic: string) => {
        const failure = failures.shift()
        if (failure !== undefined) throw failure
        return admin.offsets(topic)
      },
    }
    const ends = new ChangelogEnds(flaky, place, 0)
    await ends.ask()
    ends.committed()
    expect(ends.known).to.deep.equal({})
    await ends.ask()
    ends.committed()
    expect(ends.known).to.deep.equal(ENDS)
  })
})
