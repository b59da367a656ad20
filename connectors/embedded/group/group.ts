import { assignTasks, type GroupMember } from '../../../lib/broker/assign-tasks.ts'
import type { MemberData, MemberInfo } from '../../../lib/broker/broker.ts'
import { MillraceError } from '../../../lib/errors.ts'
import type { MemberEvents } from '../connection.ts'

export interface NewMember extends GroupMember {
  readonly events: MemberEvents
  /** Of its process. */
  readonly pid: number
}

interface Member extends NewMember {
  data: MemberData | undefined
  /** `finishing`: told that its assignment is about to change, and not yet `ready`. */
  state: 'empty-handed' | 'holding' | 'finishing'
}

export interface GroupOptions {
  readonly name: string
  readonly partitions: (topic: string) => number
  /** How long a rebalance waits for a member to finish. Milliseconds. */
  readonly rebalanceTimeout: number
}

/**
 * The members of a consumer group. A rebalance first has every member finish (`rebalancing`, until it says `ready`)
 * and only then gives everything out anew: no partition ever has two owners. Until then members may commit.
 */
export class Group {
  readonly #options: GroupOptions
  readonly #members = new Map<string, Member>()
  #generation = 0
  /** Runs while a rebalance waits for its members. */
  #deadline: NodeJS.Timeout | undefined

  constructor(options: GroupOptions) {
    this.#options = options
  }

  join(member: NewMember): void {
    this.#members.set(member.id, { ...member, state: 'empty-handed' })
    this.#rebalance()
  }

  leave(id: string): void {
    if (this.#members.delete(id)) this.#rebalance()
  }

  ready(id: string, data?: MemberData): void {
    const member = this.#members.get(id)
    if (member?.state !== 'finishing') return
    member.state = 'empty-handed'
    member.data = data
    this.#assignWhenReady()
  }

  /** Throws `FENCED` for an older assignment, and for who is not a member. */
  requireCurrent(id: string, generation: number): void {
    if (this.#members.has(id) && generation === this.#generation) return
    throw new MillraceError(
      'FENCED',
      `Assignment ${generation} of group ${this.#options.name} has ended; its positions are not committed`,
    )
  }

  /** Throws `FENCED` while there are members. */
  requireEmpty(): void {
    if (this.#members.size === 0) return
    throw new MillraceError('FENCED', `Group ${this.#options.name} has members: stop them first`)
  }

  members(): MemberInfo[] {
    return [...this.#members.values()].map(({ pid }) => ({ clientId: `process ${pid}`, host: 'localhost' }))
  }

  end(): void {
    clearTimeout(this.#deadline)
    this.#members.clear()
  }

  #rebalance(): void {
    if (this.#deadline === undefined) {
      this.#deadline = setTimeout(() => this.#expelTheLate(), this.#options.rebalanceTimeout)
      this.#deadline.unref()
      for (const member of this.#members.values()) {
        if (member.state !== 'holding') continue
        member.state = 'finishing'
        member.events.rebalancing()
      }
    }
    this.#assignWhenReady()
  }

  #assignWhenReady(): void {
    const members = [...this.#members.values()]
    if (this.#deadline === undefined || members.some(({ state }) => state === 'finishing')) return
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    this.#generation++
    const shares = assignTasks(members, this.#options.partitions)
    for (const member of members) {
      member.state = 'holding'
      member.events.assigned(this.#generation, shares.get(member.id)!)
    }
  }

  #expelTheLate(): void {
    const seconds = this.#options.rebalanceTimeout / 1000
    for (const { id, state, events } of [...this.#members.values()]) {
      if (state !== 'finishing') continue
      this.#members.delete(id)
      events.expelled(
        new MillraceError(
          'UNREACHABLE',
          `A rebalance of group ${this.#options.name} waited ${seconds} s for this member to finish`,
        ),
      )
    }
    this.#assignWhenReady()
  }
}
