import { join } from 'node:path'
import { logFolder } from '../connectors/embedded/log-folder.ts'
import { type Owner, startOwner } from '../connectors/embedded/owner.ts'
import { copiedUnderKills } from './transactions/copied-under-kills.ts'

describe('transactions on the embedded log under kill -9', function () {
  this.timeout(300_000)
  const dir = join(logFolder(), 'log')
  let owner: Owner

  before(async () => {
    owner = await startOwner(dir)
  })
  after(() => owner?.kill())

  copiedUnderKills({
    records: 10_000,
    transaction: 100,
    lives: 6,
    disturbances: 1,
    where: () => ({ dir }),
    disturb: () => owner.kill(),
  })
})
