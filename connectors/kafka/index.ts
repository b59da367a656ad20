/** What a topology file needs of Kafka: saying a topic. Loads no client. */

export type { TopicOptions, TopicTarget } from '../../lib/index.ts'
export { topic as kafka } from '../../lib/index.ts'
