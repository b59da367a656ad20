import { join } from 'node:path'
import { encodeValue } from '../../lib/contract/avro-bytes.ts'
import { diskRegistry } from '../../lib/contract/disk-registry.ts'
import { contractFile, project } from '../../lib/index.ts'
import { randomUser } from '../../schemas/random-user.ts'
import type { Run } from '../race/contestant.ts'
import type { UserFormats } from '../users.ts'
import type { CleanUser, RawUser } from '../w1/cleanse.ts'

export const USER_SCHEMA = new URL('../../schemas/random-user.v1.avsc', import.meta.url)
export const CLEAN_SCHEMA = new URL('clean-user.v1.avsc', import.meta.url)
export const userContract = contractFile<RawUser>(USER_SCHEMA)
export const cleanContract = contractFile<CleanUser>(CLEAN_SCHEMA)

/** In the wire format's header: what a registry gives to the first schemas that it gets. */
const [USER_ID, CLEAN_ID] = [1, 2]

/** The contract has no null where a uuid is missing. */
export const AVRO: UserFormats = {
  raw: (user) => {
    const whole = { ...user, login: { ...user.login, uuid: user.login.uuid ?? '' } }
    return encodeValue(randomUser, USER_ID, project(randomUser, whole))
  },
  clean: (user) => encodeValue(cleanContract, CLEAN_ID, user),
}

/** A registry in `folder` in which the input is known under the ids that it was written with. */
export async function registered({ folder, input, output }: Run): Promise<void> {
  const registry = diskRegistry(join(folder, 'embedded', 'schemas.json'))
  await registry.register(`${input}-value`, userContract.text)
  await registry.register(`${output}-value`, cleanContract.text)
}
