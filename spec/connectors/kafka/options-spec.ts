import { expect } from 'chai'
import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import { kafkaSettings } from '../../../connectors/kafka/options.ts'
import { MillraceError } from '../../../lib/errors.ts'

describe('Kafka options', () => {
  for (const brokers of [
    [],
    ['localhost'],
    ['localhost:'],
    ['http://localhost:9092'],
    ['a:9092 b:9092'],
    [':9092'],
  ]) {
    it(`should refuse the brokers [${brokers}], naming the variable`, () => {
      expect(() => kafkaBroker({ brokers }))
        .to.throw(MillraceError, 'KAFKA_BROKERS')
        .with.property('code', 'CONFIG')
    })
  }

  it('should keep the defaults that are not given', () => {
    const { timing, connectTimeoutMs } = kafkaSettings({ brokers: ['a:1'], timing: { session: 6_000 } })
    expect(timing).to.include({ session: 6_000, heartbeat: 3_000 })
    expect(connectTimeoutMs).to.equal(20_000)
  })
})
