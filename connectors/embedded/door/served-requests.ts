import type { MemberShare } from '../../../lib/broker/assign-tasks.ts'
import { MillraceError } from '../../../lib/errors.ts'
import type { TopicPartition } from '../../../lib/record.ts'
import type { ChunkFor, Membership } from '../connection.ts'
import type { Engine } from '../engine.ts'
import { type Answer, type Greeting, PROTOCOL, type Request, toWire } from './messages.ts'

export type PlainRequest = Exclude<Request, { op: 'fetch' | 'cancel' }>

/** What a client asks of the engine, but for fetches; and its members of groups, for as long as it is there. */
export class ServedRequests {
  readonly #engine: Engine
  readonly #dir: string
  readonly #say: (event: Answer) => void
  readonly #members = new Map<number, Membership>()
  /** Of the client. */
  #pid = 0

  constructor(engine: Engine, dir: string, say: (event: Answer) => void) {
    this.#engine = engine
    this.#dir = dir
    this.#say = say
  }

  end(): void {
    for (const member of this.#members.values()) void member.leave()
    this.#members.clear()
  }

  async answer(request: PlainRequest, parts: readonly Buffer[]): Promise<unknown> {
    const engine = this.#engine
    switch (request.op) {
      case 'hello':
        this.#pid = request.pid
        return { protocol: PROTOCOL, pid: process.pid, dir: this.#dir } satisfies Greeting
      case 'beat':
        return
      case 'topics':
        return engine.topics(request.names)
      case 'createTopic':
        return engine.createTopic(request.spec)
      case 'offsets':
        return engine.offsets(request.topic)
      case 'offsetsForTime':
        return engine.offsetsForTime(request.topic, request.timestamp)
      case 'committed':
        return engine.committed(request.group, request.topics)
      case 'deleteTopic':
        return engine.deleteTopic(request.topic)
      case 'deleteRecords':
        return engine.deleteRecords(request.before)
      case 'members':
        return engine.members(request.group)
      case 'setPositions':
        return engine.setPositions(request.group, request.positions)
      case 'append':
        return engine.append(chunksFor(request.places, parts))
      case 'openWriter':
        return engine.openWriter(request.writer)
      case 'commitTransaction':
        return engine.commitTransaction({
          ...request.transaction,
          chunks: chunksFor(request.places, parts),
        })
      case 'join':
        return this.#join(request)
      case 'ready':
        return this.#member(request.member).ready(request.data)
      case 'commit':
        return this.#member(request.member).commit(request.generation, request.positions)
      case 'leave':
        return this.#leave(request.member)
    }
  }

  #join({ member, group, topics, data }: Extract<PlainRequest, { op: 'join' }>): Promise<void> {
    const events = {
      rebalancing: () => this.#say({ kind: 'rebalancing', member }),
      assigned: (generation: number, share: MemberShare) =>
        this.#say({ kind: 'assigned', member, generation, share }),
      expelled: (reason: Error) => this.#say({ kind: 'expelled', member, error: toWire(reason) }),
    }
    const membership = this.#engine.member(group, topics, events, this.#pid)
    this.#members.set(member, membership)
    return membership.join(data)
  }

  #leave(member: number): Promise<void> {
    const membership = this.#member(member)
    this.#members.delete(member)
    return membership.leave()
  }

  #member(member: number): Membership {
    const found = this.#members.get(member)
    if (found !== undefined) return found
    throw new MillraceError('FENCED', 'Not a member of the group any more')
  }
}

function chunksFor(places: readonly TopicPartition[], parts: readonly Buffer[]): ChunkFor[] {
  return places.map((place, i) => ({ ...place, chunk: parts[i]! }))
}
