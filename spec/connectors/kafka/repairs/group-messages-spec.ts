import { expect } from 'chai'
import { groupMessagesPerPartition } from '../../../../connectors/kafka/repairs/group-messages.ts'
import { stockFile } from '../stock-kafkajs.ts'

const stock = stockFile<typeof groupMessagesPerPartition<{ partition: number; n: number }>>(
  'producer/groupMessagesPerPartition',
)

describe('kafkajs repair: messages by partition', () => {
  it('should group as the stock one does', () => {
    const messages = Array.from({ length: 100 }, (_, n) => ({ partition: (n * 7) % 3, n }))
    const grouping = {
      topic: 't',
      partitionMetadata: [{}],
      messages,
      partitioner: ({ message }: { message: { partition: number } }) => message.partition,
    }
    expect(groupMessagesPerPartition(grouping)).to.deep.equal(stock(grouping))
  })

  it('should group nothing without metadata', () => {
    expect(
      groupMessagesPerPartition({ topic: 't', partitionMetadata: [], messages: [1], partitioner: () => 0 }),
    ).to.deep.equal({})
  })
})
