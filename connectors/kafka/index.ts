/** What a topology file needs of Kafka: saying a topic. Loads no client. */

export type { TopicOptions, TopicTarget } from '../../lib/topology/topic.ts'
export { topic as kafka } from '../../lib/topology/topic.ts'
