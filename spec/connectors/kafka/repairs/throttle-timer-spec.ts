import { expect } from 'chai'
import {
  type RequestQueue,
  repairThrottleTimer,
} from '../../../../connectors/kafka/repairs/throttle-timer.ts'
import { stockFile } from '../stock-kafkajs.ts'

type QueueClass = new (options: object) => RequestQueue & { destroy(): void; pending: unknown[] }

const logger = { debug() {}, warn() {} }

function queueOf(repaired: boolean): InstanceType<QueueClass> {
  const Queue = stockFile<QueueClass>('network/requestQueue')
  if (repaired) repairThrottleTimer(Queue.prototype)
  return new Queue({ logger, broker: 'b', clientId: 'c', requestTimeout: 1000, maxInFlightRequests: 0 })
}

describe('kafkajs repair: throttle timer', () => {
  it('should set no timer when nothing waits, where the stock queue sets one in the past', () => {
    const stock = queueOf(false)
    stock.scheduleCheckPendingRequests()
    expect(stock.throttleCheckTimeoutId).to.not.equal(null)
    stock.destroy()
    const repaired = queueOf(true)
    repaired.scheduleCheckPendingRequests()
    expect(repaired.throttleCheckTimeoutId).to.equal(null)
  })

  it('should check again for requests that wait', async () => {
    const queue = queueOf(true)
    queue.pending.push({})
    const checked = new Promise<void>((resolve) => {
      queue.checkPendingRequests = resolve
    })
    queue.scheduleCheckPendingRequests()
    await checked
    expect(queue.throttleCheckTimeoutId).to.equal(null)
  })
})
