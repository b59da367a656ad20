import { randomUUID } from 'node:crypto'
import type { CommittedPosition, MemberInfo } from '../../../lib/broker/broker.ts'
import type { MemberEvents, Membership } from '../connection.ts'
import { Group, type GroupOptions } from './group.ts'

export interface GroupsOptions extends Pick<GroupOptions, 'partitions' | 'rebalanceTimeout'> {
  readonly store: (group: string, positions: readonly CommittedPosition[]) => Promise<void>
}

/** All groups that have members now. Only their positions outlive the process: whoever was a member joins again. */
export class Groups {
  readonly #options: GroupsOptions
  readonly #groups = new Map<string, Group>()

  constructor(options: GroupsOptions) {
    this.#options = options
  }

  members(name: string): readonly MemberInfo[] {
    return this.#groups.get(name)?.members() ?? []
  }

  /** Throws `FENCED` while the group has members. */
  requireEmpty(name: string): void {
    this.#groups.get(name)?.requireEmpty()
  }

  /** `pid`: of the process whose member it is. */
  member(name: string, topics: readonly string[], events: MemberEvents, pid: number): Membership {
    const id = randomUUID()
    return {
      join: async (data) => this.#group(name).join({ id, topics, data, events, pid }),
      ready: (data) => this.#group(name).ready(id, data),
      commit: async (generation, positions) => {
        this.#group(name).requireCurrent(id, generation)
        await this.#options.store(name, positions)
      },
      leave: async () => this.#group(name).leave(id),
    }
  }

  end(): void {
    for (const group of this.#groups.values()) group.end()
    this.#groups.clear()
  }

  /** A group is kept when its last member leaves: its generations must not begin again. */
  #group(name: string): Group {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const group = new Group({ ...this.#options, name })
    this.#groups.set(name, group)
    return group
  }
}
