import { kafkaTool } from './kafka-tool.ts'
import { servers } from './servers.ts'

/** The members' ids as Kafka's own tool shows them; a member that had to join anew has another one. */
export async function membersOf(group: string, brokers = servers().kafkaBrokers): Promise<string[]> {
  const printed = await describeGroup(group, '--members', brokers)
  return printed
    .split('\n')
    .filter((line) => line.startsWith(`${group} `))
    .map((line) => line.trim().split(/\s+/)[1]!)
}

export interface GroupLag {
  readonly topic: string
  readonly partition: number
  readonly committed: number
  readonly end: number
  readonly lag: number
}

/** Committed and end offsets as Kafka's own tool shows them; what is not committed is NaN. */
export async function lagOf(group: string, brokers = servers().kafkaBrokers): Promise<GroupLag[]> {
  const printed = await describeGroup(group, '--offsets', brokers)
  return printed
    .split('\n')
    .filter((line) => line.startsWith(`${group} `))
    .map((line) => {
      const [, topic, ...numbers] = line.trim().split(/\s+/)
      const [partition, committed, end, lag] = numbers.map(Number)
      return { topic: topic!, partition: partition!, committed: committed!, end: end!, lag: lag! }
    })
}

function describeGroup(group: string, what: string, brokers: string): Promise<string> {
  return kafkaTool('consumer.group.ConsumerGroupCommand', [
    ...['--bootstrap-server', brokers, '--describe', '--group', group, what],
  ])
}
