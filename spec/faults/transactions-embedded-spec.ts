import { join } from 'node:path'
import { logFolder } from '../connectors/embedded/log-folder.ts'
import { type Owner, startOwner } from '../connectors/embedded/owner.ts'
import { isFull } from './support/row-records.ts'
import { copiedUnderKills } from './transactions/copied-under-kills.ts'

/** In full: the size of Kafka's own transactions_test.py. */
const SIZE = isFull()
  ? { records: 100_000, transaction: 750, lives: 24 }
  : { records: 10_000, transaction: 100, lives: 6 }

describe('transactions on the embedded log under kill -9', function () {
  this.timeout(isFull() ? 1_200_000 : 300_000)
  const dir = join(logFolder(), 'log')
  let owner: Owner

  before(async () => {
    owner = await startOwner(dir)
  })
  after(() => owner?.kill())

  copiedUnderKills({
    ...SIZE,
    disturbances: 1,
    where: () => ({ dir }),
    disturb: () => owner.kill(),
  })
})
