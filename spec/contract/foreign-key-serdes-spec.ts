import { expect } from 'chai'
import {
  type Response,
  responseSerde,
  type Subscription,
  subscriptionSerde,
} from '../../lib/contract/foreign-key-serdes.ts'
import { stringKey } from '../../lib/contract/serde.ts'
import { structured } from '../../lib/contract/structured.ts'
import { failureOf } from './failure-of.ts'

const hash = Buffer.from('0123456789abcdef')
const subscriptions = subscriptionSerde(stringKey as never)
const responses = responseSerde(structured())

describe('foreign-key serdes', () => {
  it('should bring subscriptions back as they were', () => {
    for (const instruction of [
      'keep, answer always',
      'keep, answer if found',
      'end, answer null',
      'end, no answer',
    ] as const) {
      for (const said of [hash, null]) {
        const subscription: Subscription = { instruction, hash: said, partition: 70_000, left: 'käy' }
        expect(subscriptions.decode(subscriptions.encode(subscription))).to.deep.equal(subscription)
      }
    }
  })

  it('should bring responses back as they were', () => {
    const said: Response[] = [
      { hash, partition: 3, row: { a: [1] }, quiet: false },
      { hash: null, partition: 0, row: null, quiet: false },
      { hash, partition: 0, row: null, quiet: true },
    ]
    for (const response of said) expect(responses.decode(responses.encode(response))).to.deep.equal(response)
  })

  it('should refuse what is neither', () => {
    for (const serde of [subscriptions, responses]) {
      expect(failureOf(() => serde.decode(Buffer.alloc(20)))).to.have.property('code', 'POISON')
    }
    const unknown = subscriptions.encode({ instruction: 'end, no answer', hash, partition: 0, left: 'a' })
    unknown[0] = 9
    expect(failureOf(() => subscriptions.decode(unknown))).to.have.property('code', 'POISON')
  })
})
