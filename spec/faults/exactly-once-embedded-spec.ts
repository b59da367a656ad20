import { join } from 'node:path'
import type { Broker } from '../../lib/broker/broker.ts'
import type { RawRecord } from '../../lib/record.ts'
import { logFolder } from '../connectors/embedded/log-folder.ts'
import { type Owner, startOwner } from '../connectors/embedded/owner.ts'
import { exactUnderKills } from './exact/exact-under-kills.ts'

describe('state on the embedded log, exactly once, under kill -9', function () {
  this.timeout(300_000)
  const dir = join(logFolder(), 'log')
  let owner: Owner
  before(async () => {
    owner = await startOwner(dir)
  })
  after(() => owner?.kill())

  exactUnderKills({ records: 1200, kills: 10, where: () => ({ dir }), read })
})

async function read(broker: Broker, topic: string): Promise<RawRecord[]> {
  const ranges = await broker.admin.offsets(topic)
  const found: RawRecord[] = []
  for (const { partition, earliest, end } of ranges) {
    for await (const { records } of broker.read([{ topic, partition, from: earliest, to: end }]))
      found.push(...records)
  }
  return found
}
