import { expect } from 'chai'
import { Group } from '../../../../connectors/embedded/group/group.ts'
import { MillraceError } from '../../../../lib/errors.ts'

/** What members are told, in order. */
class Room {
  readonly told: string[] = []
  readonly group: Group

  constructor(rebalanceTimeout = 60_000) {
    this.group = new Group({ name: 'group', partitions: () => 2, rebalanceTimeout })
  }

  join(id: string, onExpelled = () => {}): void {
    const tell = (what: string) => this.told.push(`${id}: ${what}`)
    this.group.join({
      id,
      topics: ['t'],
      data: undefined,
      pid: 1,
      events: {
        rebalancing: () => tell('rebalancing'),
        assigned: (generation, { partitions }) =>
          tell(`${generation} has ${partitions.map(({ partition }) => partition).join(',')}`),
        expelled: (reason) => {
          tell(`expelled, ${(reason as MillraceError).code}`)
          onExpelled()
        },
      },
    })
  }

  /** What was told since the last call. */
  news(): string[] {
    return this.told.splice(0)
  }

  fences(id: string, generation: number): boolean {
    try {
      this.group.requireCurrent(id, generation)
      return false
    } catch (error) {
      return error instanceof MillraceError && error.code === 'FENCED'
    }
  }
}

describe('group of the embedded log', () => {
  let room: Room
  afterEach(() => room.group.end())

  it('should have every member finish before it gives anything out anew', () => {
    room = new Room()
    room.join('a')
    expect(room.news()).to.deep.equal(['a: 1 has 0,1'])
    room.join('b')
    expect(room.news()).to.deep.equal(['a: rebalancing'])
    room.group.ready('a')
    expect(room.news()).to.deep.equal(['a: 2 has 0', 'b: 2 has 1'])
  })

  it('should ask a member once, however many come and go meanwhile', () => {
    room = new Room()
    room.join('a')
    room.join('b')
    room.join('c')
    room.group.leave('b')
    expect(room.news()).to.deep.equal(['a: 1 has 0,1', 'a: rebalancing'])
    room.group.ready('a')
    expect(room.news()).to.deep.equal(['a: 2 has 0', 'c: 2 has 1'])
  })

  it('should not wait for a member that leaves', () => {
    room = new Room()
    room.join('a')
    room.join('b')
    room.group.leave('a')
    expect(room.news()).to.deep.equal(['a: 1 has 0,1', 'a: rebalancing', 'b: 2 has 0,1'])
  })

  it('should let a member commit until the next assignment, and nobody else', () => {
    room = new Room()
    room.join('a')
    room.join('b')
    expect(room.fences('a', 1)).to.equal(false)
    room.group.ready('a')
    expect(room.fences('a', 1)).to.equal(true)
    expect(room.fences('a', 2)).to.equal(false)
    room.group.leave('a')
    expect(room.fences('a', 2)).to.equal(true)
    expect(room.fences('stranger', 2)).to.equal(true)
  })

  it('should go on without a member that does not finish in time', async () => {
    room = new Room(20)
    const expelled = Promise.withResolvers<void>()
    room.join('a', expelled.resolve)
    room.join('b')
    room.news()
    const alive = setTimeout(() => {}, 5_000)
    await expelled.promise
    clearTimeout(alive)
    await undefined
    expect(room.news()).to.deep.equal(['a: expelled, UNREACHABLE', 'b: 2 has 0,1'])
    expect(room.fences('a', 1)).to.equal(true)
  })
})
