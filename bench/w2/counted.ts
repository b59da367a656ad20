import type { Broker } from '../../lib/broker/broker.ts'
import { windowedKey } from '../../lib/index.ts'
import { Checksum } from '../race/checksum.ts'
import { readAll, type Written } from '../race/written.ts'
import { windowName } from '../users.ts'

/** What the newest update of every window says, however many there were. */
export async function lastUpdates(broker: Broker, topic: string): Promise<Written> {
  const counts = new Map<string, number>()
  const last = await readCounts(broker, topic, counts)
  return { checksum: checksumOf(counts), last }
}

/** The same, by `windowName`. */
export async function countsIn(broker: Broker, topic: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  await readCounts(broker, topic, counts)
  return counts
}

export function checksumOf(counts: ReadonlyMap<string, number>): string {
  const checksum = new Checksum()
  for (const [window, count] of counts) checksum.add(Buffer.from(window), Buffer.from(String(count)))
  return checksum.text
}

function readCounts(broker: Broker, topic: string, into: Map<string, number>): Promise<number> {
  const keys = windowedKey()
  return readAll(broker, topic, ({ key, value }) => {
    const { key: country, start } = keys.decode(key!)
    into.set(windowName(country, start), Number(value))
  })
}
