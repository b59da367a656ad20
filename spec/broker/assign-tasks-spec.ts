import { expect } from 'chai'
import { assert, integer, property, record } from 'fast-check'
import { assignTasks, type GroupMember, type MemberShare } from '../../lib/broker/assign-tasks.ts'
import type { HeldTask, TaskGroup } from '../../lib/broker/broker.ts'

const GROUPS: readonly TaskGroup[] = [
  { id: '0', topics: ['clicks', 'users'], stateful: true },
  { id: '1', topics: ['counts'], stateful: true },
  { id: '2', topics: ['rows'], stateful: false },
]

interface Setting {
  readonly members: number
  readonly partitions: number
  readonly others: number
  readonly standbys: number
}

const settings = record({
  members: integer({ min: 1, max: 7 }),
  partitions: integer({ min: 1, max: 20 }),
  others: integer({ min: 1, max: 9 }),
  standbys: integer({ min: 0, max: 2 }),
})

/** All 3,780 that `settings` takes some of: few of them have members exchange anything. */
function* everySetting(): Generator<Setting> {
  for (let members = 1; members <= 7; members++)
    for (let partitions = 1; partitions <= 20; partitions++)
      for (let others = 1; others <= 9; others++)
        for (let standbys = 0; standbys <= 2; standbys++) yield { members, partitions, others, standbys }
}

function partitionsOf({ partitions, others }: Setting): (topic: string) => number {
  return (topic) => (topic === 'counts' || topic === 'rows' ? others : partitions)
}

function member(id: string, { standbys }: Setting, held: readonly HeldTask[] = []): GroupMember {
  const topics = GROUPS.flatMap((group) => group.topics)
  return { id, topics, data: { groups: GROUPS, standbys, held, process: id, endpoint: `${id}:80` } }
}

const first = (setting: Setting) => [...Array(setting.members).keys()].map((at) => member(`m${at}`, setting))

type Shares = ReadonlyMap<string, MemberShare>

const ownerOf = (shares: Shares, id: string) =>
  [...shares.values()][0]!.owners.find((one) => one.endpoint === `${id}:80`)!

/** The same members at the next rebalance: standbys are nearly as far as their tasks. */
function again(shares: Shares, setting: Setting): GroupMember[] {
  return [...shares.keys()].map((id) => {
    const { active, standbys } = ownerOf(shares, id)
    return member(id, setting, [
      ...active.map((task) => ({ task, active: true, upTo: 100 })),
      ...standbys.map((task) => ({ task, active: false, upTo: 99 })),
    ])
  })
}

function ownersByTask(shares: Shares): Map<string, string> {
  return new Map(
    [...shares.keys()].flatMap((id) => ownerOf(shares, id).active.map((task) => [task, id] as const)),
  )
}

function spread(numbers: readonly number[]): number {
  return Math.max(...numbers) - Math.min(...numbers)
}

describe('assign tasks', () => {
  it('should give each partition to one member', () => {
    assert(
      property(settings, (setting) => {
        const shares = assignTasks(first(setting), partitionsOf(setting))
        const given = [...shares.values()].flatMap(({ partitions }) => partitions)
        const names = given.map(({ topic, partition }) => `${topic}/${partition}`)
        expect(new Set(names).size).to.equal(names.length)
        expect(names.length).to.equal(2 * setting.partitions + 2 * setting.others)
      }),
    )
  })

  it('should keep the inputs of a task together', () => {
    assert(
      property(settings, (setting) => {
        for (const { partitions } of assignTasks(first(setting), partitionsOf(setting)).values()) {
          const of = (name: string) =>
            partitions.filter(({ topic }) => topic === name).map((one) => one.partition)
          expect(of('clicks')).to.deep.equal(of('users'))
        }
      }),
    )
  })

  it('should give every member as many tasks, and as many of each sub-topology', () => {
    assert(
      property(settings, (setting) => {
        const shares = assignTasks(first(setting), partitionsOf(setting))
        const tasks = [...shares.keys()].map((id) => ownerOf(shares, id).active)
        expect(spread(tasks.map(({ length }) => length))).to.be.at.most(1)
        for (const { id } of GROUPS) {
          const own = tasks.map((names) => names.filter((name) => name.startsWith(`${id}_`)).length)
          expect(spread(own), id).to.be.at.most(1)
        }
      }),
    )
  })

  it('should have as many standbys as asked for and possible, of tasks with state, never beside the task', () => {
    assert(
      property(settings, (setting) => {
        const shares = assignTasks(first(setting), partitionsOf(setting))
        const standbys = [...shares.keys()].flatMap((id) => {
          const { active, standbys } = ownerOf(shares, id)
          expect(new Set(standbys).size).to.equal(standbys.length)
          for (const task of standbys) expect(active).not.to.include(task)
          expect(shares.get(id)!.standbys).to.deep.equal(standbys)
          return standbys
        })
        const each = Math.min(setting.standbys, setting.members - 1)
        expect(standbys.length).to.equal(each * (setting.partitions + setting.others))
        expect(standbys.every((task) => !task.startsWith('2_'))).to.equal(true)
      }),
    )
  })

  it('should change nothing when the same members join again', () => {
    assert(
      property(settings, (setting) => {
        const shares = assignTasks(first(setting), partitionsOf(setting))
        const next = assignTasks(again(shares, setting).reverse(), partitionsOf(setting))
        expect(ownersByTask(next)).to.deep.equal(ownersByTask(shares))
        // Which of two standbys is the first one is not kept, so that the second ones may be balanced anew.
        if (setting.standbys < 2) expect(next).to.deep.equal(shares)
      }),
    )
  })

  it('should take from a member that stays no more than a new one needs', () => {
    for (const setting of everySetting()) {
      const shares = assignTasks(first(setting), partitionsOf(setting))
      const before = ownersByTask(shares)
      const joined = assignTasks([...again(shares, setting), member('new', setting)], partitionsOf(setting))
      const moved = [...ownersByTask(joined)].filter(([task, id]) => before.get(task) !== id)
      // The new one takes what it keeps; where sub-topologies have to be spread anew, others exchange some: one that
      // begins with nothing, or in its place several that go to their standbys, of which none has to be restored.
      const exchanged = moved.filter(([, id]) => id !== 'new')
      const restored = exchanged.filter(([task, id]) => !ownerOf(shares, id).standbys.includes(task))
      const said = JSON.stringify(setting)
      expect(restored.length, said).to.be.at.most(1)
      expect(exchanged.length, said).to.be.at.most(restored.length === 1 ? 1 : GROUPS.length)
      expect(moved.length - exchanged.length, said).to.equal(ownerOf(joined, 'new').active.length)
    }
  }).timeout(30_000)

  it('should move what stays only to its standby, so that more of what a member leaves goes to standbys', () => {
    assert(
      property(settings, integer({ min: 0, max: 6 }), (setting, leaver) => {
        const one = { ...setting, members: setting.members + 1, others: 0 }
        const shares = assignTasks(first(one), partitionsOf(one))
        const gone = `m${leaver % one.members}`
        const left = assignTasks(
          again(shares, one).filter(({ id }) => id !== gone),
          partitionsOf(one),
        )
        const after = ownersByTask(left)
        for (const [task, id] of ownersByTask(shares)) {
          const holders = [
            id,
            ...[...shares.keys()].filter((one) => ownerOf(shares, one).standbys.includes(task)),
          ]
          if (id !== gone) expect(holders).to.include(after.get(task))
        }
      }),
    )
  })

  it('should move only what a member leaves where there are no standbys', () => {
    assert(
      property(settings, integer({ min: 0, max: 6 }), (setting, leaver) => {
        const one = { ...setting, members: setting.members + 1, others: 0, standbys: 0 }
        const shares = assignTasks(first(one), partitionsOf(one))
        const gone = `m${leaver % one.members}`
        const rest = again(shares, one).filter(({ id }) => id !== gone)
        const after = ownersByTask(assignTasks(rest, partitionsOf(one)))
        for (const [task, id] of ownersByTask(shares)) if (id !== gone) expect(after.get(task)).to.equal(id)
      }),
    )
  })

  it('should give what a member leaves to its standbys', () => {
    assert(
      property(settings, integer({ min: 0, max: 6 }), (setting, leaver) => {
        // As many tasks for every member, so that nobody has to begin with nothing for the sake of balance.
        const members = setting.members + 2
        const one = { ...setting, members, standbys: 1, others: 0, partitions: members * (members - 1) }
        const shares = assignTasks(first(one), partitionsOf(one))
        const gone = `m${leaver % members}`
        const rest = again(shares, one).filter(({ id }) => id !== gone)
        const after = ownersByTask(assignTasks(rest, partitionsOf(one)))
        for (const task of ownerOf(shares, gone).active) {
          expect(ownerOf(shares, after.get(task)!).standbys).to.include(task)
        }
      }),
    )
  })

  it('should prefer who is farther', () => {
    const setting = { members: 3, partitions: 3, others: 0, standbys: 0 }
    const held = (upTo: number) => [{ task: '0_1', active: false, upTo }]
    const members = [
      member('a', setting, held(5)),
      member('b', setting, held(7)),
      member('c', setting, held(6)),
    ]
    expect(ownersByTask(assignTasks(members, partitionsOf(setting))).get('0_1')).to.equal('b')
  })

  it('should have no standby in the process that has the task', () => {
    const setting = { members: 4, partitions: 8, others: 2, standbys: 1 }
    const members = first(setting).map((one, at) => ({
      ...one,
      data: { ...one.data!, process: `p${at % 2}` },
    }))
    const shares = assignTasks(members, partitionsOf(setting))
    const processOf = (id: string) => members.find((one) => one.id === id)!.data.process
    const owners = ownersByTask(shares)
    const standbys = [...shares.keys()].flatMap((id) =>
      ownerOf(shares, id).standbys.map((task) => [id, task]),
    )
    expect(standbys).to.have.length(10)
    for (const [id, task] of standbys) expect(processOf(id!)).not.to.equal(processOf(owners.get(task!)!))
  })

  it('should give a topic that one member reads to that one, and read all together where nothing is said', () => {
    const plain = [
      { id: 'a', topics: ['x', 'y'], data: undefined },
      { id: 'b', topics: ['x', 'y'], data: undefined },
    ]
    const shares = assignTasks(plain, () => 2)
    for (const { partitions } of shares.values()) {
      expect(partitions.map(({ topic }) => topic)).to.deep.equal(['x', 'y'])
      expect(partitions[0]!.partition).to.equal(partitions[1]!.partition)
    }
    const apart = assignTasks(
      [
        { ...plain[0]!, topics: ['x'] },
        { ...plain[1]!, topics: ['y'] },
      ],
      () => 1,
    )
    expect(apart.get('a')!.partitions).to.deep.equal([{ topic: 'x', partition: 0 }])
    expect(apart.get('b')!.partitions).to.deep.equal([{ topic: 'y', partition: 0 }])
  })
})
