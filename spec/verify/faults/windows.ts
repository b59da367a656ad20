import type { RawRecord } from '../../../lib/record.ts'
import type { UserCount } from '../../../schemas/user-count.ts'
import { userCounts } from '../../../topologies/insight/counts.ts'
import type { Breaking } from './breaking.ts'

/** The newest count of each window. */
export async function windows(by: Breaking) {
  const newest = new Map<string, { name: string; record: RawRecord; count: UserCount }>()
  for (const record of await by.records(userCounts.name)) {
    const count = await by.decode(userCounts, record)
    const name = `${count.country_code}/${new Date(count.window_start).toISOString()}`
    const before = newest.get(name)
    if (before === undefined || count.revision > before.count.revision)
      newest.set(name, { name, record, count })
  }
  return [...newest.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}
