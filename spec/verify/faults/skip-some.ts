import { usersRaw } from '../../../topologies/users-raw.ts'
import type { ApiUser } from '../../e2e/recorded.ts'
import { startMillrace } from '../../support/millrace.ts'
import { until } from '../../support/until.ts'
import { uuidOf } from '../uuid-of.ts'
import type { Breakage } from './breakage.ts'
import { another } from './people.ts'

const MINUTE = 60_000

/** Positions moved beyond records that nobody has processed, of users fetched ten minutes before all others. */
export async function skipSome(breakage: Breakage, [first]: readonly ApiUser[]): Promise<void> {
  const { by, broker, longAgo, mendable } = breakage
  const [row] = await by.database.query<{ first: Date }>(
    'find the first user',
    'SELECT min(fetched_at) AS first FROM staging.random_users',
  )
  const then = new Date(Math.floor((row!.first.getTime() - 10 * MINUTE) / MINUTE) * MINUTE)
  breakage.turning = new Date(then.getTime() + 5 * MINUTE)
  const skipped = [another(first!, 'skipped'), another(first!, 'skipped too')]
  for (const [index, user] of skipped.entries()) {
    await by.stage('skipped', user, new Date(then.getTime() + index))
  }
  await by.stage('skipped', { ...another(first!, 'poison'), email: '' }, then)
  await capture(breakage)
  const ends = (await broker.admin.offsets(usersRaw.name)).map(({ partition, end }) => {
    return { topic: usersRaw.name, partition, offset: end }
  })
  await broker.upkeep.setPositions('user-insights', ends)
  const poison = (await by.records(usersRaw.name)).find(({ key }) => String(key) === uuidOf('poison'))!
  const before = ['too many staging run skipped']
  before.push(`missing users.counts ${first!.nat}/${then.toISOString()}`)
  before.push(`missing user-insights.dlq ${usersRaw.name}/${poison.partition}/${poison.offset}`)
  for (const { login, nat } of skipped) {
    const mended = [
      `missing users_by_id ${login.uuid}`,
      `missing users_by_country ${nat}/${login.uuid}`,
      `missing users.insights ${login.uuid}`,
    ]
    for (const name of mended) mendable.add(name)
    before.push(...mended)
  }
  for (const name of before) longAgo.add(name)
}

async function capture({ stage, by }: Breakage): Promise<void> {
  const running = startMillrace(['capture', ...stage.flags], stage.env)
  try {
    const [{ lsn } = { lsn: '' }] = await by.database.query<{ lsn: string }>(
      'ask',
      'SELECT pg_current_wal_lsn() AS lsn',
    )
    await until('captured', async () => {
      const passed = 'SELECT FROM pg_replication_slots WHERE confirmed_flush_lsn >= $1::pg_lsn'
      return (await by.database.query('ask', passed, [lsn])).length > 0
    })
  } finally {
    running.kill('SIGTERM')
    await running.ended
  }
}
