import type { ApiUser } from '../../e2e/recorded.ts'
import { uuidOf } from '../uuid-of.ts'
import type { Breakage } from './breakage.ts'
import { another } from './people.ts'

export async function breakStaging(breakage: Breakage, all: readonly ApiUser[]): Promise<void> {
  const { by, wrong } = breakage
  const of = ({ login }: ApiUser) => `payload->'login'->>'uuid' = '${login.uuid}'`
  const [row] = await by.database.query<{ run_id: string }>(
    'lose a row',
    `DELETE FROM staging.random_users WHERE ${of(all[0]!)} RETURNING run_id`,
  )
  wrong.add(`missing staging run ${row!.run_id}`)
  wrong.add(`too many users.raw ${all[0]!.login.uuid}`)
  await by.database.query(
    'change a row',
    `UPDATE staging.random_users SET payload = jsonb_set(payload, '{phone}', '"changed"') WHERE ${of(all[1]!)}`,
  )
  wrong.add(`different users.raw ${all[1]!.login.uuid}`)
  await by.stage('by-hand', another(all[0]!, 'never captured'))
  wrong.add('too many staging run by-hand').add(`missing users.raw ${uuidOf('never captured')}`)
  const refused = await by.stage('by-hand', { ...all[0], login: null })
  wrong.add(`missing users.raw.dlq ${refused}`)
}
