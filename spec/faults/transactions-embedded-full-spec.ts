import { join } from 'node:path'
import { logFolder } from '../connectors/embedded/log-folder.ts'
import { type Owner, startOwner } from '../connectors/embedded/owner.ts'
import { copiedUnderKills } from './transactions/copied-under-kills.ts'

/** The size of Kafka's own transactions_test.py. */
describe('transactions on the embedded log under kill -9, in full', function () {
  this.timeout(1_200_000)
  const dir = join(logFolder(), 'log')
  let owner: Owner
  before(async () => {
    owner = await startOwner(dir)
  })
  after(() => owner?.kill())

  copiedUnderKills({
    records: 100_000,
    transaction: 750,
    lives: 24,
    disturbances: 1,
    where: () => ({ dir }),
    disturb: () => owner.kill(),
  })
})
