import type { Broker } from '../../lib/broker/broker.ts'
import { windowedKey } from '../../lib/index.ts'

/** What the newest update of every window says, by `COUNTRY@minute`. */
export async function countsIn(broker: Broker, topic: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  const ranges = (await broker.admin.offsets(topic)).map(({ partition, earliest: from, end: to }) => {
    return { topic, partition, from, to }
  })
  const keys = windowedKey()
  for await (const { records } of broker.read(ranges)) {
    for (const { key, value } of records) {
      const { key: country, start } = keys.decode(key!)
      counts.set(`${country}@${start}`, Number(value))
    }
  }
  return counts
}
