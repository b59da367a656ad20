import { KafkaTrio } from '../support/kafka-trio.ts'
import { ConsoleReader } from './transactions/console-reader.ts'
import { copiedUnderKills } from './transactions/copied-under-kills.ts'

/** The size of Kafka's own transactions_test.py, and like there three brokers. */
describe('transactions on Kafka under kill -9, in full', function () {
  this.timeout(1_200_000)
  const kafka = new KafkaTrio()
  before(() => kafka.start())
  after(() => kafka.clear())

  copiedUnderKills({
    records: 100_000,
    transaction: 750,
    lives: 24,
    disturbances: 5,
    where: () => ({ kafka: kafka.address }),
    disturb: () => kafka.bounce(),
    forgotten: () => kafka.forgotten,
    calm: () => kafka.whole(),
    judge: (topic, last) => new ConsoleReader(kafka.address, topic, last),
  })
})
