import { consumeCommitted } from '../support/console-consumer.ts'
import { servers } from '../support/servers.ts'
import { exactUnderKills } from './exact/exact-under-kills.ts'
import { isFull } from './support/row-records.ts'

describe('state on Kafka, exactly once, under kill -9', function () {
  this.timeout(300_000)
  exactUnderKills({
    records: 1200,
    kills: isFull() ? 10 : 3,
    // The least that Kafka allows.
    where: () => ({ kafka: servers().kafkaBrokers, session: 6000 }),
    read: (_, topic) => consumeCommitted(servers().kafkaBrokers, topic),
  })
})
