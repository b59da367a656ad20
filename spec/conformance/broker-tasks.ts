import { expect } from 'chai'
import type { BrokerConsumer, HeldTask, MemberData, TaskGroup } from '../../lib/broker/broker.ts'
import type { BrokerSuite } from './broker.ts'
import { uniqueName } from './broker-harness.ts'
import type { Collector } from './collector.ts'

interface Joined {
  readonly consumer: BrokerConsumer
  readonly seen: Collector
  /** What it says at its next joining. */
  readonly said: { held: readonly HeldTask[] }
}

/** What a group does with what its members say of themselves. */
export function taskCases({ harness, has }: BrokerSuite): void {
  if (!has('many-members')) return
  describe('tasks', () => {
    let groups: TaskGroup[]
    let group: string

    beforeEach(async () => {
      group = uniqueName('group')
      groups = [
        { id: '0', topics: [await harness().topic(4), await harness().topic(4)], stateful: true },
        { id: '1', topics: [await harness().topic(2)], stateful: false },
      ]
    })

    async function join(name: string, held: readonly HeldTask[] = [], standbys = 1): Promise<Joined> {
      const said = { held }
      const member = (): MemberData => ({
        ...{ groups, standbys, process: name, endpoint: `${name}:80` },
        ...said,
      })
      const topics = groups.flatMap((one) => one.topics)
      const consumer = harness().consumer({ group, topics, member })
      const seen = await harness().collect(consumer)
      return { consumer, seen, said }
    }

    const activeOf = ({ seen }: Joined, name: string) => ownerIn(seen, name)?.active ?? []

    it('should divide the tasks of each group of topics, and tell every member who has what', async () => {
      const a = await join('a')
      await a.seen.until(({ owned }) => owned.length === 10)
      expect(ownerIn(a.seen, 'a')!.active).to.deep.equal(['0_0', '0_1', '0_2', '0_3', '1_0', '1_1'])
      const b = await join('b')
      await b.seen.until(({ owned }) => owned.length === 5)
      await a.seen.until(({ owned }) => owned.length === 5)
      expect(a.seen.assignments.at(-1)!.owners).to.deep.equal(b.seen.assignments.at(-1)!.owners)
      expect([...activeOf(a, 'a'), ...activeOf(a, 'b')].sort()).to.deep.equal([
        ...['0_0', '0_1', '0_2', '0_3'],
        ...['1_0', '1_1'],
      ])
      for (const name of ['a', 'b']) {
        const { seen } = name === 'a' ? a : b
        const inputs = activeOf(a, name).flatMap((task) => {
          const { topics } = groups.find(({ id }) => task.startsWith(`${id}_`))!
          return topics.map((topic) => `${topic}/${task.slice(2)}`)
        })
        expect([...seen.owned].sort()).to.deep.equal(inputs.sort())
      }
    })

    it('should have each task with state followed by another member', async () => {
      const a = await join('a')
      const b = await join('b')
      await b.seen.until(({ owned }) => owned.length === 5)
      await a.seen.until(({ owned }) => owned.length === 5)
      for (const [{ seen }, name, other] of [
        [a, 'a', 'b'],
        [b, 'b', 'a'],
      ] as const) {
        const { standbys } = seen.assignments.at(-1)!
        expect(standbys).to.deep.equal(activeOf(a, other).filter((task) => task.startsWith('0_')))
        expect(ownerIn(seen, name)!.standbys).to.deep.equal(standbys)
      }
    })

    it('should give a task to the member that is farthest, as it says at each joining', async () => {
      const far = (tasks: readonly string[]) => tasks.map((task) => ({ task, active: false, upTo: 7 }))
      const a = await join('a', far(['0_1', '0_3', '1_0']))
      await a.seen.until(({ owned }) => owned.length === 10)
      const b = await join('b', far(['0_0', '0_2', '1_1']))
      await b.seen.until(({ owned }) => owned.length === 5)
      expect(activeOf(b, 'b')).to.deep.equal(['0_0', '0_2', '1_1'])
      a.said.held = far(['0_0', '0_2', '1_1'])
      b.said.held = far(['0_1', '0_3', '1_0'])
      const c = await join('c')
      await c.seen.until(({ owned }) => owned.length > 0)
      const kept = activeOf(c, 'b').filter((task) => ['0_1', '0_3', '1_0'].includes(task))
      expect(kept).to.deep.equal(activeOf(c, 'b'))
    })

    it('should give what a member leaves to those that follow it', async () => {
      const all = [await join('a'), await join('b'), await join('c')]
      for (const { seen } of all)
        await seen.until(({ assignments }) => assignments.at(-1)?.owners.length === 3)
      const names = ['a', 'b', 'c']
      const owners = names.map((name) => ownerIn(all[0]!.seen, name)!)
      for (const [at, one] of all.entries()) {
        const { active, standbys } = owners[at]!
        one.said.held = [
          ...active.map((task) => ({ task, active: true, upTo: 9 })),
          ...standbys.map((task) => ({ task, active: false, upTo: 8 })),
        ]
      }
      const stateful = owners[0]!.active.filter((task) => task.startsWith('0_'))
      await all[0]!.consumer.stop()
      const [, b, c] = all as [Joined, Joined, Joined]
      for (const { seen } of [b, c]) await seen.until(({ owned }) => owned.length === 5)
      for (const task of stateful) {
        const next = names.find((name) => activeOf(b, name).includes(task))!
        expect(owners[names.indexOf(next)]!.standbys).to.include(task)
      }
    })

    it('should say the same of an assignment that is begun anew', async () => {
      const { consumer, seen } = await join('a')
      await seen.until(({ owned }) => owned.length === 10)
      const { generation, owners } = seen.assignments[0]!
      consumer.retake(generation)
      await seen.until(({ assignments }) => assignments.length === 2)
      expect(seen.assignments[1]!.owners).to.deep.equal(owners)
    })
  })
}

function ownerIn(seen: Collector, name: string) {
  return seen.assignments.at(-1)?.owners.find(({ endpoint }) => endpoint === `${name}:80`)
}
