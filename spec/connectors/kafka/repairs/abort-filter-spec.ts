import { expect } from 'chai'
import {
  type AbortedTransaction,
  type FilterableRecord,
  filterAbortedMessages,
} from '../../../../connectors/kafka/repairs/abort-filter.ts'
import { stockFile } from '../stock-kafkajs.ts'

type Filter = typeof filterAbortedMessages<FilterableRecord>

const stock = stockFile<Filter>('consumer/filterAbortedMessages')

function inTransaction(offset: number, producerId: string, key = Buffer.from('k')): FilterableRecord {
  return {
    offset: String(offset),
    key,
    isControlRecord: false,
    batchContext: { producerId, inTransaction: true },
  }
}

function marker(offset: number, producerId: string, type: 'abort' | 'commit'): FilterableRecord {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1])
  return {
    offset: String(offset),
    key,
    isControlRecord: true,
    batchContext: { producerId, inTransaction: true },
  }
}

function aborted(producerId: string, firstOffset: number): AbortedTransaction {
  return { producerId, firstOffset: String(firstOffset) }
}

function visible(
  filter: Filter,
  messages: FilterableRecord[],
  abortedTransactions: AbortedTransaction[],
): string[] {
  return filter({ messages, abortedTransactions })
    .filter(({ isControlRecord }) => !isControlRecord)
    .map(({ offset }) => String(offset))
}

const LEAKS = [
  {
    name: 'a user key of four zero bytes',
    messages: [inTransaction(0, '1'), inTransaction(1, '1', Buffer.alloc(4)), inTransaction(2, '1')],
    aborted: [aborted('1', 0)],
  },
  {
    name: 'a fetch that begins inside two interleaved aborted transactions',
    messages: [inTransaction(50, '2'), inTransaction(51, '1'), inTransaction(52, '2')],
    aborted: [aborted('1', 10), aborted('2', 20)],
  },
  {
    name: 'a list that is not sorted by offset',
    messages: [inTransaction(0, '1'), inTransaction(1, '1')],
    aborted: [aborted('2', 100), aborted('1', 0)],
  },
]

describe('kafkajs repair: abort filter', () => {
  for (const { name, messages, aborted } of LEAKS) {
    it(`should hide all of ${name}, of which the stock filter shows some`, () => {
      expect(visible(stock, messages, aborted)).to.not.deep.equal([])
      expect(visible(filterAbortedMessages, messages, aborted)).to.deep.equal([])
    })
  }

  it('should show what a producer writes after its aborted transaction', () => {
    const messages = [
      inTransaction(0, '1'),
      marker(1, '1', 'abort'),
      inTransaction(2, '1'),
      marker(3, '1', 'commit'),
    ]
    expect(visible(filterAbortedMessages, messages, [aborted('1', 0)])).to.deep.equal(['2'])
  })

  it('should show other producers, and records outside transactions, in between', () => {
    const plain: FilterableRecord = {
      offset: 2,
      key: Buffer.alloc(4),
      isControlRecord: false,
      batchContext: { producerId: '-1', inTransaction: false },
    }
    const messages = [inTransaction(0, '1'), inTransaction(1, '2'), plain, inTransaction(3, '1')]
    expect(visible(filterAbortedMessages, messages, [aborted('1', 0)])).to.deep.equal(['1', '2'])
  })

  it('should hide two aborted transactions of one producer', () => {
    const messages = [
      inTransaction(0, '1'),
      marker(1, '1', 'abort'),
      inTransaction(2, '1'),
      marker(3, '1', 'commit'),
      inTransaction(4, '1'),
    ]
    expect(visible(filterAbortedMessages, messages, [aborted('1', 0), aborted('1', 4)])).to.deep.equal(['2'])
  })

  it('should pass everything where nothing was aborted', () => {
    expect(visible(filterAbortedMessages, [inTransaction(0, '1')], [])).to.deep.equal(['0'])
  })
})
