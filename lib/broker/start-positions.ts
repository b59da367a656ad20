import { MillraceError, place } from '../errors.ts'
import type { Position, TopicPartition } from '../record.ts'
import type { BrokerAdmin, ConsumerOptions, OffsetRange } from './broker.ts'
import { rangesOf } from './held-ranges.ts'

/**
 * Where the group goes on: its committed positions, or `startAt` where it has none. Rejects with `DATA_LOSS` when
 * records at a position are gone, or were never there: a Kafka client would pick another one silently.
 */
export async function startPositions(
  admin: BrokerAdmin,
  { group, startAt, fromEarliest = [] }: ConsumerOptions,
  owned: readonly TopicPartition[],
): Promise<readonly Position[]> {
  const topics = [...new Set(owned.map(({ topic }) => topic))]
  if (topics.length === 0) return []
  const committed = new Map(
    (await admin.committed(group, topics)).map((position) => [nameOf(position), position.offset]),
  )
  const ranges = new Map<string, ReadonlyMap<number, OffsetRange>>()
  for (const topic of topics) ranges.set(topic, await rangesOf(admin, topic))
  return owned.map(({ topic, partition }) => {
    const range = ranges.get(topic)!.get(partition)
    if (range === undefined) throw new MillraceError('UNREACHABLE', `${topic}/${partition} is not known yet`)
    const offset = committed.get(nameOf({ topic, partition }))
    const start =
      offset ?? firstPosition(fromEarliest.includes(topic) ? 'earliest' : startAt, range, group, topic)
    requireHeld({ topic, partition, offset: start }, range, group)
    return { topic, partition, offset: start }
  })
}

function nameOf({ topic, partition }: TopicPartition): string {
  return place({ topic, partition })
}

function firstPosition(
  startAt: ConsumerOptions['startAt'],
  range: OffsetRange,
  group: string,
  topic: string,
): number {
  if (startAt === 'earliest') return range.earliest
  if (startAt === 'latest') return range.end
  throw new MillraceError(
    'DATA_LOSS',
    `Group ${group} has no position for ${topic}/${range.partition}, and is told not to choose one. ` +
      'Commit one, or start at earliest or latest.',
    { topic, partition: range.partition },
  )
}

function requireHeld({ topic, partition, offset }: Position, range: OffsetRange, group: string): void {
  if (offset >= range.earliest && offset <= range.end) return
  const what =
    offset < range.earliest
      ? `the records from there to ${range.earliest} have been deleted`
      : `the partition ends at ${range.end}, so it was cut or recreated`
  throw new MillraceError(
    'DATA_LOSS',
    `Group ${group} is at ${topic}/${partition}/${offset}, but ${what}. ` +
      'Reset the position of the group by hand to go on without them.',
    { topic, partition, offset },
  )
}
