import type { CommittedPosition, ConsumerOptions, MemberData } from '../../lib/broker/broker.ts'
import type { Assignments } from './assignments.ts'
import type { Connection, Membership } from './connection.ts'

/** One membership of a group over one connection, from joining until either is lost. */
export class Session {
  readonly #connection: Connection
  readonly #membership: Membership
  readonly #over = Promise.withResolvers<unknown>()
  readonly #member: (() => MemberData) | undefined
  /** The group's count, which begins again with every owner of the log; never shown. */
  #groupGeneration = 0

  constructor(connection: Connection, { group, topics, member }: ConsumerOptions, assignments: Assignments) {
    this.#connection = connection
    this.#member = member
    this.#membership = connection.member(group, topics, {
      rebalancing: () => void assignments.changing().then(() => this.#membership.ready(member?.())),
      assigned: (generation, share) => {
        this.#groupGeneration = generation
        assignments.assigned(connection, share)
      },
      expelled: (reason) => this.#over.resolve(reason),
    })
    const { lost } = connection
    if (lost.aborted) this.#over.resolve(lost.reason)
    else lost.addEventListener('abort', () => this.#over.resolve(lost.reason), { once: true })
  }

  /** Joins the group; resolves with the reason when the session is over. */
  async run(): Promise<unknown> {
    await this.#membership.join(this.#member?.())
    return this.#over.promise
  }

  commit(positions: readonly CommittedPosition[]): Promise<void> {
    return this.#membership.commit(this.#groupGeneration, positions)
  }

  async close(): Promise<void> {
    this.#over.resolve(undefined)
    if (!this.#connection.lost.aborted) await this.#membership.leave().catch(() => {})
  }
}
