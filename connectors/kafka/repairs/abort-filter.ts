/** What the filter needs of a record, in the shape kafkajs gives it. */
export interface FilterableRecord {
  readonly offset: number | string
  readonly key: Buffer | null
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

export interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: string
}

export interface FilterInput<R extends FilterableRecord> {
  readonly messages: readonly R[]
  readonly abortedTransactions?: readonly AbortedTransaction[] | null | undefined
}

const CONTROL_TYPE_OFFSET = 2
const ABORT = 0

/**
 * Removes the records of aborted transactions (kafkajs' consumer/filterAbortedMessages). The stock filter expects a
 * sorted list, opens at most one transaction per record, and takes any user key 00 00 00 00 for an abort marker:
 * each of the three leaks aborted records. Rule as in Kafka's CompletedFetch.
 */
export function filterAbortedMessages<R extends FilterableRecord>(input: FilterInput<R>): readonly R[] {
  const { messages, abortedTransactions } = input
  if (!abortedTransactions || abortedTransactions.length === 0) return messages
  const begun = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .sort((a, b) => a.firstOffset - b.firstOffset)
  const open = new Set<string>()
  let next = 0
  return messages.filter((record) => {
    while (next < begun.length && begun[next]!.firstOffset <= Number(record.offset)) {
      open.add(begun[next++]!.producerId)
    }
    const { producerId, inTransaction } = record.batchContext
    if (!record.isControlRecord) return !(inTransaction && open.has(producerId))
    if (record.key?.readInt16BE(CONTROL_TYPE_OFFSET) === ABORT) open.delete(producerId)
    return true
  })
}
