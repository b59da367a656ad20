import type { Broker } from '../broker/broker.ts'
import type { TopicPartition } from '../record.ts'

/**
 * Lets go of what the group has committed of these partitions of repartition topics: nobody reads it again.
 * (repartition.purge.interval.ms, StreamThread#maybePurge)
 */
export async function purge(broker: Broker, group: string, owned: readonly TopicPartition[]): Promise<void> {
  if (owned.length === 0) return
  const mine = new Set(owned.map(({ topic, partition }) => `${topic}/${partition}`))
  const committed = await broker.admin.committed(group, [...new Set(owned.map(({ topic }) => topic))])
  const read = committed.filter(({ topic, partition, offset }) => {
    return offset > 0 && mine.has(`${topic}/${partition}`)
  })
  await broker.upkeep.deleteRecords(read)
}
