import { expect } from 'chai'
import { AdminClient } from '../../../connectors/kafka/admin-client.ts'
import { kafkaSettings } from '../../../connectors/kafka/options.ts'
import { failureOf } from '../../conformance/failure-of.ts'
import { servers } from '../../support/servers.ts'

describe("kafkajs' admin", () => {
  it('should be given up with a question that hangs, and answer the next', async () => {
    const brokers = servers().kafkaBrokers.split(',')
    const client = new AdminClient(kafkaSettings({ brokers, timing: { answer: 1000 } }))
    try {
      const hanging = failureOf(client.ask('asking in vain', {}, () => new Promise(() => {})))
      const next = client.ask('listing topics', {}, ({ admin }) => admin.listTopics())
      expect((await hanging).code).to.equal('UNREACHABLE')
      expect(await next).to.be.an('array')
    } finally {
      await client.close()
    }
  })
})
