import type * as KafkaJs from 'kafkajs'

/** How many records a second the stock client reads of a topic from its beginning, doing nothing with them. */
export async function readStock(
  { Kafka, logLevel }: typeof KafkaJs,
  brokers: readonly string[],
  topic: string,
  records: number,
): Promise<{ readonly rate: number }> {
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: `bench-${process.pid}-${performance.now()}` })
  const done = Promise.withResolvers<void>()
  let [read, begun] = [0, 0]
  consumer.on(consumer.events.GROUP_JOIN, () => {
    begun = performance.now()
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      read += batch.messages.length
      if (read >= records) done.resolve()
    },
  })
  await done.promise
  const seconds = (performance.now() - begun) / 1000
  await consumer.disconnect()
  return { rate: Math.round(read / seconds) }
}
