import { expect } from 'chai'
import fc from 'fast-check'
import { REQUEST_BYTES, requestsOf } from '../../../connectors/kafka/requests.ts'
import type { PlacedRecord } from '../../../lib/broker/partition-choice.ts'
import { recordSize } from '../../../lib/broker/record-size.ts'
import { NO_HEADERS } from '../../../lib/record.ts'

function placed(partition: number, bytes: number, timestamp = 0): PlacedRecord {
  return { topic: 't', partition, key: null, value: Buffer.alloc(bytes), timestamp, headers: NO_HEADERS }
}

describe('Kafka requests', () => {
  it('should keep every record, in the order of its partition, in batches that fit', () => {
    const records = fc.array(fc.record({ partition: fc.nat(2), bytes: fc.nat(400) }), { maxLength: 60 })
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 1000 }), (sizes, batchBytes) => {
        const input = sizes.map(({ partition, bytes }, i) => placed(partition, bytes, i))
        const requests = [...requestsOf(input, batchBytes)]
        for (const { batches } of requests) {
          for (const batch of batches.values()) {
            const size = batch.reduce((sum, record) => sum + recordSize(record), 0)
            expect(batch.length === 1 || size <= batchBytes).to.equal(true)
          }
        }
        for (const partition of [0, 1, 2]) {
          const sent = requests.flatMap(({ batches }) => batches.get(`t/${partition}`) ?? [])
          expect(sent).to.deep.equal(input.filter((record) => record.partition === partition))
        }
      }),
    )
  })

  it('should send a record alone that is larger than a batch should be', () => {
    const requests = [...requestsOf([placed(0, 10), placed(0, 5000), placed(0, 10)], 1000)]
    expect(requests.map(({ records }) => records.length)).to.deep.equal([1, 1, 1])
  })

  it('should bound a request over all partitions', () => {
    const many = Array.from({ length: 20 }, (_, partition) => placed(partition, 800 * 1024))
    for (const { records } of requestsOf(many)) {
      expect(records.reduce((sum, record) => sum + recordSize(record), 0)).to.be.at.most(REQUEST_BYTES)
    }
  })

  it('should make no request of nothing', () => {
    expect([...requestsOf([])]).to.deep.equal([])
  })
})
