import { expect } from 'chai'
import { Assignments } from '../../../connectors/kafka/assignment.ts'
import { kafkaSettings } from '../../../connectors/kafka/options.ts'
import { Session } from '../../../connectors/kafka/session.ts'
import { Collector } from '../../conformance/collector.ts'

const P0 = { topic: 't', partition: 0 }

describe('Kafka session', () => {
  it('should let itself be steered while kafkajs is in no group: a task must not fail of a crash to come', () => {
    const settings = kafkaSettings({ brokers: ['127.0.0.1:1'] })
    const assignments = new Assignments({
      listener: new Collector(),
      positions: async () => [],
      fail: () => {},
    })
    const options = { group: 'g', topics: ['t'], startAt: 'earliest', lastMemberId: undefined } as const
    const session = new Session(settings, options, assignments)
    expect(() => session.pause([P0])).not.to.throw()
    expect(() => session.resume([P0])).not.to.throw()
    expect(() => session.seek({ ...P0, offset: 5 })).not.to.throw()
    expect(() => session.seek({ ...P0, offset: -5 })).to.throw('Offset')
  })
})
