import { cassandra } from '../../connectors/cassandra/index.ts'
import { kafka } from '../../connectors/kafka/index.ts'
import { type Context, closeOf, type Dropped, type Windowed } from '../../lib/index.ts'
import { type LateUser, lateUser } from '../../schemas/late-user.ts'
import type { RandomUser } from '../../schemas/random-user.ts'
import { type UserCount, userCount } from '../../schemas/user-count.ts'
import { trimmed } from './text.ts'

/** By country; of several counts for one window the largest revision holds. */
export const userCounts = kafka('users.counts', { value: userCount })

/** Users that came after their minute had been counted. */
export const lateUsers = kafka('users.late', { value: lateUser })

/** Queries: a country's users by the minute, of one day. */
export const userCountsByCountry = cassandra('user_counts_by_country', {
  columns: {
    country_code: 'text',
    day: 'date',
    window_start: 'timestamp',
    window_end: 'timestamp',
    users: 'int',
  },
  primaryKey: { partition: ['country_code', 'day'], clustering: ['window_start'] },
})

/** What counting needs of a user: little, since it goes through a repartition topic. */
export interface CountedUser {
  readonly country_code: string | null
  /** topic/partition/offset in users.raw */
  readonly source: string
}

export function toCounted({ nat }: RandomUser, { topic, partition, offset }: Context): CountedUser {
  return {
    country_code: trimmed(nat)?.toUpperCase() ?? null,
    source: `${topic}/${partition}/${offset}`,
  }
}

export function toUserCount(users: number | null, context: Context<Windowed<string>>): UserCount {
  const { key, start, end } = context.key
  const { closeReason, revision } = closeOf(context)
  return {
    country_code: key,
    window_start: start,
    window_end: end,
    users: users ?? 0,
    close_reason: closeReason,
    revision,
  }
}

export function toLateUser({ reason, value, window, lateBy = 0 }: Dropped<CountedUser>): LateUser {
  return {
    country_code: value.country_code!,
    window_start: window!.start,
    window_end: window!.end,
    reason,
    late_by_ms: lateBy,
    source: value.source,
  }
}

const DAY = 86_400_000

export function toCountRow({ country_code, window_start, window_end, users }: UserCount) {
  return { country_code, day: Math.floor(window_start / DAY), window_start, window_end, users }
}
