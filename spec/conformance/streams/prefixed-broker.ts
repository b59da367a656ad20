import type {
  Broker,
  BrokerAdmin,
  BrokerConsumer,
  BrokerUpkeep,
  ConsumerListener,
  MemberData,
} from '../../../lib/broker/broker.ts'
import type { TopicPartition } from '../../../lib/record.ts'

/**
 * A broker in which topics have short names: on the real one each stands under a prefix. So that scenarios, which
 * all read `in` and write `out`, don't meet on one Kafka. Every topic is made with one partition, as the scenarios say.
 */
export function prefixedBroker(broker: Broker, prefix: string): Broker {
  const whole = (topic: string) => prefix + topic
  const short = (topic: string) => topic.slice(prefix.length)
  const outwards = <T extends { readonly topic: string }>(thing: T): T => ({
    ...thing,
    topic: whole(thing.topic),
  })
  const inwards = <T extends { readonly topic: string }>(thing: T): T => ({
    ...thing,
    topic: short(thing.topic),
  })

  const admin: BrokerAdmin = {
    topics: async (names) => (await broker.admin.topics(names.map(whole))).map(inwards),
    createTopic: (spec) => broker.admin.createTopic({ ...outwards(spec), partitions: 1 }),
    offsets: (topic) => broker.admin.offsets(whole(topic)),
    committed: async (group, topics) => (await broker.admin.committed(group, topics.map(whole))).map(inwards),
  }
  const upkeep: BrokerUpkeep = {
    offsetsForTime: async (topic, timestamp) =>
      (await broker.upkeep.offsetsForTime(whole(topic), timestamp)).map(inwards),
    deleteTopic: (topic) => broker.upkeep.deleteTopic(whole(topic)),
    deleteRecords: (before) => broker.upkeep.deleteRecords(before.map(outwards)),
    members: (group) => broker.upkeep.members(group),
    setPositions: (group, positions) => broker.upkeep.setPositions(group, positions.map(outwards)),
  }
  const listening = (listener: ConsumerListener): ConsumerListener => ({
    revoked: () => listener.revoked(),
    taking: async (partitions, signal) => listener.taking?.(partitions.map(inwards), signal),
    assigned: (assignment, signal) =>
      listener.assigned({ ...assignment, positions: assignment.positions.map(inwards) }, signal),
    batch: (batch) => listener.batch({ ...inwards(batch), records: batch.records.map(inwards) }),
    failed: (error) => listener.failed(error),
  })
  return {
    admin,
    upkeep,
    consumer(options): BrokerConsumer {
      const { topics, fromEarliest = [], member } = options
      const consumer = broker.consumer({
        ...options,
        topics: topics.map(whole),
        fromEarliest: fromEarliest.map(whole),
        ...(member === undefined ? {} : { member: () => inGroups(member(), whole) }),
      })
      return {
        start: (listener) => consumer.start(listening(listener)),
        flow: (partitions: readonly TopicPartition[], state) =>
          consumer.flow(partitions.map(outwards), state),
        commit: (generation, positions) => consumer.commit(generation, positions.map(outwards)),
        retake: (generation) => consumer.retake(generation),
        stop: () => consumer.stop(),
      }
    },
    async producer(options) {
      const producer = await broker.producer(options)
      return {
        send: (records) => producer.send(records.map(outwards)),
        close: () => producer.close(),
      }
    },
    async transactions(options) {
      const producer = await broker.transactions(options)
      return {
        send: (records) => producer.send(records.map(outwards)),
        commit: (positions) => producer.commit(positions.map(outwards)),
        abort: () => producer.abort(),
        close: () => producer.close(),
      }
    },
    async *read(ranges) {
      for await (const batch of broker.read(ranges.map(outwards))) {
        yield { ...inwards(batch), records: batch.records.map(inwards) }
      }
    },
    close: () => broker.close(),
  }
}

function inGroups(data: MemberData, whole: (topic: string) => string): MemberData {
  return { ...data, groups: data.groups.map((group) => ({ ...group, topics: group.topics.map(whole) })) }
}
