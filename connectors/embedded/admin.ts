import type { BrokerAdmin, BrokerUpkeep } from '../../lib/broker/broker.ts'
import type { Link } from './door/link.ts'

export function embeddedAdmin(link: Link): BrokerAdmin {
  return {
    topics: async (names) => {
      const found = await link.ask((connection) => connection.topics(names))
      return found.map(({ topic, partitions }) => ({ topic, partitions }))
    },
    createTopic: (spec) => link.ask((connection) => connection.createTopic(spec)),
    offsets: (topic) => link.ask((connection) => connection.offsets(topic)),
    committed: (group, topics) => link.ask((connection) => connection.committed(group, topics)),
  }
}

export function embeddedUpkeep(link: Link): BrokerUpkeep {
  return {
    offsetsForTime: (topic, timestamp) =>
      link.ask((connection) => connection.offsetsForTime(topic, timestamp)),
    deleteTopic: (topic) => link.ask((connection) => connection.deleteTopic(topic)),
    deleteRecords: (before) => link.ask((connection) => connection.deleteRecords(before)),
    members: (group) => link.ask((connection) => connection.members(group)),
    setPositions: (group, positions) => link.ask((connection) => connection.setPositions(group, positions)),
  }
}
