import { servers } from '../support/servers.ts'
import { handedOver, keptUnderKills } from './stateful/under-kills.ts'

describe('state on Kafka', function () {
  this.timeout(300_000)
  /** A group waits for a silent member for so long: the least that Kafka allows. */
  const session = 6000
  const where = () => ({ kafka: servers().kafkaBrokers, session })

  describe('under kill -9', () => keptUnderKills({ records: 1200, kills: 3, where }))
  describe('handed over', () => handedOver({ records: 1200, where }))
})
