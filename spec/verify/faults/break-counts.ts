import { lateUsers, userCountsByCountry } from '../../../topologies/insight/counts.ts'
import type { Breakage } from './breakage.ts'
import { windows } from './windows.ts'

export async function breakCounts(breakage: Breakage): Promise<void> {
  const { by, wrong, duplicated } = breakage
  const counts = await windows(by)
  const faults = [
    ['missing', counts[0]!, null],
    ['different', counts[1]!, { users: 4711 }],
  ] as const
  for (const [kind, { count }, change] of faults) {
    const { country_code, window_start } = count
    const day = Math.floor(window_start / 86_400_000)
    const start = new Date(window_start).toISOString()
    await breakage.keep(userCountsByCountry.name, {
      country_code,
      day: start.slice(0, 10),
      window_start: start,
    })
    await by.change(userCountsByCountry, [country_code, day, window_start], change)
    const name = `${kind} ${userCountsByCountry.name} ${country_code}/${day}/${window_start}`
    breakage.mended(name)
  }
  const late = counts[4]!
  const { country_code, window_start, window_end } = late.count
  const user = {
    country_code,
    window_start,
    window_end,
    reason: 'late',
    late_by_ms: 1,
    source: 'users.raw/0/0',
  }
  const value = await by.encode(lateUsers, user)
  const record = { ...late.record, topic: lateUsers.name, value }
  await by.send(record, record)
  wrong.add(`too many users.counts ${late.name}`)
  duplicated.add('duplicated users.late users.raw/0/0')
}
