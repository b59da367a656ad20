import type { TopicPartition } from '../record.ts'
import type { HeldTask, MemberData, TaskGroup, TaskOwner } from './broker.ts'
import { evenShares } from './even-shares.ts'

/** A member of the group, as it has joined. */
export interface GroupMember {
  readonly id: string
  readonly topics: readonly string[]
  /** What it says of itself; undefined of a consumer that has no tasks: its topics are read together. */
  readonly data: MemberData | undefined
}

export interface MemberShare {
  readonly partitions: readonly TopicPartition[]
  readonly standbys: readonly string[]
  readonly owners: readonly TaskOwner[]
}

interface Task {
  readonly name: string
  readonly group: string
  readonly stateful: boolean
  readonly inputs: readonly TopicPartition[]
  readonly eligible: readonly string[]
  /** Members that have state of it, or had the task until now, who is farthest first. */
  readonly holders: readonly string[]
  /** Whether the first of these has the task until now. */
  readonly settled: boolean
}

/**
 * Gives each task to one member, together with all its inputs, and its standbys to others: balanced in all and within
 * each sub-topology, where the state is as far as that allows, and else where its standby is. The tasks of one member
 * have their standbys spread over all others, so that what it leaves behind is divided evenly. The same members and
 * topics give the same result, whoever computes it. (KIP-54 sticky, KIP-429's placement; KIP-441 without warm-up
 * replicas: a new member takes its part at once, and restores it.)
 */
export function assignTasks(
  members: readonly GroupMember[],
  partitionsOf: (topic: string) => number,
): ReadonlyMap<string, MemberShare> {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const ids = sorted.map(({ id }) => id)
  const tasks = tasksOf(sorted, partitionsOf)
  const active = evenShares(
    tasks.map(({ name, group, eligible, holders, settled }) => {
      return { id: name, kind: group, eligible, preferred: holders, settled }
    }),
    ids,
  )
  const standbys = standbysOf(tasks, active, sorted)
  const owners = new Map(
    sorted.map(({ id, data }) => [
      id,
      {
        endpoint: data?.endpoint,
        ...(data?.fingerprint === undefined ? {} : { fingerprint: data.fingerprint }),
        active: tasks.filter(({ name }) => active.get(name) === id).map(({ name }) => name),
        standbys: tasks.filter(({ name }) => standbys.get(name)?.includes(id)).map(({ name }) => name),
      },
    ]),
  )
  return new Map(
    ids.map((id) => [
      id,
      {
        partitions: tasks.flatMap(({ name, inputs }) => (active.get(name) === id ? inputs : [])),
        standbys: owners.get(id)!.standbys,
        owners: [...owners.values()],
      },
    ]),
  )
}

/** In rounds: one standby for every task, then another one. None in a process that has the task already. */
function standbysOf(
  tasks: readonly Task[],
  active: ReadonlyMap<string, string>,
  members: readonly GroupMember[],
): ReadonlyMap<string, readonly string[]> {
  const rounds = Math.max(0, ...members.map(({ data }) => data?.standbys ?? 0))
  const processOf = new Map(members.map(({ id, data }) => [id, data?.process ?? id]))
  const places = new Map(tasks.map(({ name }) => [name, [active.get(name)!]]))
  for (let round = 0; round < rounds; round++) {
    const shares = tasks.flatMap(({ name, stateful, eligible, holders }) => {
      const taken = places.get(name)!
      const processes = new Set(taken.map((id) => processOf.get(id)))
      const left = eligible.filter((id) => !processes.has(processOf.get(id)))
      if (!stateful || left.length === 0) return []
      return [{ id: name, kind: `${taken} ${left}`, eligible: left, preferred: holders, settled: false }]
    })
    const given = evenShares(
      shares,
      members.map(({ id }) => id),
    )
    for (const [name, id] of given) places.get(name)!.push(id)
  }
  return new Map([...places].map(([name, taken]) => [name, taken.slice(1)]))
}

function tasksOf(members: readonly GroupMember[], partitionsOf: (topic: string) => number): Task[] {
  const holders = holdersByTask(members)
  return groupsOf(members).flatMap(({ id, topics, stateful }) => {
    const eligible = members.filter((member) => topics.every((topic) => member.topics.includes(topic)))
    const partitions = Math.max(...topics.map(partitionsOf))
    return Array.from({ length: partitions }, (_, partition) => ({
      name: `${id}_${partition}`,
      group: id,
      stateful,
      inputs: topics
        .filter((topic) => partition < partitionsOf(topic))
        .map((topic) => ({ topic, partition })),
      eligible: eligible.map((member) => member.id),
      holders: (holders.get(`${id}_${partition}`) ?? []).map((one) => one.id),
      settled: holders.get(`${id}_${partition}`)?.[0]?.active ?? false,
    }))
  })
}

/**
 * Every topic is in one group. Members of another version may see them otherwise; where nobody reads all topics of a
 * group, they are given out one by one.
 */
function groupsOf(members: readonly GroupMember[]): TaskGroup[] {
  const groups = new Map<string, { readonly topics: Set<string>; stateful: boolean }>()
  const known = new Set<string>()
  for (const { topics, data } of members) {
    const own = data?.groups ?? []
    const rest = topics.filter((topic) => !own.some((group) => group.topics.includes(topic)))
    for (const { id, topics, stateful } of [...own, { id: '0', topics: rest, stateful: false }]) {
      const fresh = topics.filter((topic) => !known.has(topic))
      if (fresh.length === 0) continue
      const group = groups.get(id) ?? { topics: new Set(), stateful }
      groups.set(id, group)
      for (const topic of fresh) group.topics.add(topic)
      for (const topic of fresh) known.add(topic)
      group.stateful ||= stateful
    }
  }
  return [...groups].flatMap(([id, { topics, stateful }]) => {
    const together = { id, topics: [...topics].sort(), stateful }
    const reads = (member: GroupMember) => together.topics.every((topic) => member.topics.includes(topic))
    if (members.some(reads)) return [together]
    return together.topics.map((topic) => ({ id: `${id}:${topic}`, topics: [topic], stateful: false }))
  })
}

interface Holder extends HeldTask {
  readonly id: string
}

/** Who is farthest first. An empty state is none. */
function holdersByTask(members: readonly GroupMember[]): ReadonlyMap<string, readonly Holder[]> {
  const held = members.flatMap(({ id, data }) => {
    return (data?.held ?? []).filter(({ active, upTo }) => active || upTo > 0).map((one) => ({ ...one, id }))
  })
  const byTask = Map.groupBy(held, ({ task }) => task)
  const farther = (a: Holder, b: Holder) => b.upTo - a.upTo || Number(b.active) - Number(a.active)
  return new Map([...byTask].map(([task, holders]) => [task, holders.toSorted(farther)]))
}
