import { join } from 'node:path'
import { logFolder } from '../connectors/embedded/log-folder.ts'
import { type Owner, startOwner } from '../connectors/embedded/owner.ts'
import { handedOver, keptUnderKills } from './stateful/under-kills.ts'

describe('state on the embedded log', function () {
  this.timeout(300_000)
  const dir = join(logFolder(), 'log')
  let owner: Owner
  before(async () => {
    owner = await startOwner(dir)
  })
  after(() => owner?.kill())
  const where = () => ({ dir })

  describe('under kill -9', () => keptUnderKills({ records: 1200, kills: 10, where }))
  describe('handed over', () => handedOver({ records: 1200, where }))
})
