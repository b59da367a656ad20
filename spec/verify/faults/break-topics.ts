import { userCounts } from '../../../topologies/insight/counts.ts'
import { userInsights } from '../../../topologies/user-insights.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'
import type { ApiUser } from '../../e2e/recorded.ts'
import type { Breakage } from './breakage.ts'
import { byKey } from './breaking.ts'
import { STRANGER } from './people.ts'
import { windows } from './windows.ts'

/** Before the worker reads them. */
export async function breakTopicsThatAreRead(breakage: Breakage, all: readonly ApiUser[]): Promise<void> {
  const { by, wrong, duplicated } = breakage
  const raw = byKey(await by.records(usersRaw.name))
  const [again, copied] = [all[2]!, all[3]!].map(({ login }) => raw.get(login.uuid)!)
  await by.send(again!, { ...copied!, headers: [] })
  duplicated.add(`duplicated users.raw ${all[2]!.login.uuid}`)
  wrong.add(`too many users.raw ${all[3]!.login.uuid}`)

  const counts = await windows(by)
  const twice = counts[2]!
  await by.send(twice.record)
  duplicated.add(`duplicated users.counts ${twice.name}`)
  const changed = counts[3]!
  const { users: counted, revision } = changed.count
  const more = { ...changed.count, users: counted + 1, revision: revision + 1 }
  await by.send({
    ...changed.record,
    timestamp: changed.record.timestamp + 1,
    value: await by.encode(userCounts, more),
  })
  wrong.add(`too many users.counts ${changed.name}`)
}

export async function breakInsights(breakage: Breakage, all: readonly ApiUser[]): Promise<void> {
  const { by, wrong, duplicated } = breakage
  const insights = byKey(await by.records(userInsights.name))
  const [changed, other, twice] = [all[4]!, all[5]!, all[6]!].map(({ login }) => insights.get(login.uuid)!)
  await by.send({ ...changed!, value: other!.value }, twice!, {
    ...other!,
    key: Buffer.from(STRANGER),
  })
  wrong.add(`different users.insights ${all[4]!.login.uuid}`).add(`too many users.insights ${STRANGER}`)
  duplicated.add(`duplicated users.insights ${all[6]!.login.uuid}`)
}
