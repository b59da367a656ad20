import { usersByCountry, usersById } from '../../../topologies/insight/tables.ts'
import type { ApiUser } from '../../e2e/recorded.ts'
import type { Breakage } from './breakage.ts'
import { STRANGER } from './people.ts'

export async function breakTables(breakage: Breakage, all: readonly ApiUser[]): Promise<void> {
  const { by } = breakage
  for (const [target, shift] of [
    [usersById, 0],
    [usersByCountry, 10],
  ] as const) {
    const name = target.name
    const byId = target === usersById
    const keyOf = ({ login, nat }: ApiUser) => (byId ? [login.uuid] : [nat, login.uuid])
    const whereOf = ({ login, nat }: ApiUser): Record<string, string> =>
      byId ? { user_id: login.uuid } : { country_code: nat, user_id: login.uuid }
    const [gone, changed, cleared] = [all[shift + 7]!, all[shift + 8]!, all[shift + 9]!]
    const stranger = { ...all[0]!, login: { ...all[0]!.login, uuid: STRANGER } }
    for (const one of [gone, changed, cleared, stranger]) await breakage.keep(name, whereOf(one))
    await by.change(target, keyOf(gone), null)
    breakage.mended(`missing ${name} ${keyOf(gone).join('/')}`)
    await by.change(target, keyOf(changed), { city: 'Atlantis' })
    breakage.mended(`different ${name} ${keyOf(changed).join('/')}`)
    await by.change(target, keyOf(cleared), { full_name: null })
    breakage.mended(`different ${name} ${keyOf(cleared).join('/')}`)
    await by.change(target, keyOf(stranger), {
      user_id: STRANGER,
      country_code: stranger.nat,
      city: 'Nowhere',
    })
    breakage.mended(`too many ${name} ${keyOf(stranger).join('/')}`)
  }
}
