interface Grouping<M> {
  readonly topic: string
  readonly partitionMetadata: readonly unknown[]
  readonly messages: readonly M[]
  readonly partitioner: (choice: {
    topic: string
    partitionMetadata: readonly unknown[]
    message: M
  }) => number
}

/** kafkajs' producer/groupMessagesPerPartition copies the whole list for every record: quadratic. This one is not. */
export function groupMessagesPerPartition<M>(grouping: Grouping<M>): Record<number, M[]> {
  const { topic, partitionMetadata, messages, partitioner } = grouping
  const groups: Record<number, M[]> = {}
  if (partitionMetadata.length === 0) return groups
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    const group = groups[partition]
    if (group === undefined) groups[partition] = [message]
    else group.push(message)
  }
  return groups
}
