import { END_TXN } from '../support/kafka-proxy.ts'
import { ProxiedKafka } from '../support/proxied-kafka.ts'
import { ConsoleReader } from './transactions/console-reader.ts'
import { copiedUnderKills } from './transactions/copied-under-kills.ts'
import { PARTITIONS } from './transactions/workload.ts'

describe('transactions on Kafka under kill -9', function () {
  this.timeout(300_000)
  const kafka = new ProxiedKafka()
  before(() => kafka.start(6000))
  after(() => kafka.clear())

  copiedUnderKills({
    records: 10_000,
    transaction: 100,
    lives: 5,
    disturbances: 2,
    where: () => ({ kafka: kafka.address }),
    // A Kafka 4.3.1 that is alone forgets, at its start, the commits that it has acknowledged and not worked off: all
    // are to have theirs before them.
    disturb: async () => {
      await Promise.all(Array.from({ length: PARTITIONS }, () => kafka.proxy.hold('request', END_TXN)))
      await kafka.kill()
      await kafka.restart()
    },
    judge: (topic, last) => new ConsoleReader(kafka.address, topic, last),
  })
})
