import { kafkaTool } from './kafka-tool.ts'
import { servers } from './servers.ts'

/** The members' ids as Kafka's own tool shows them; a member that had to join anew has another one. */
export async function membersOf(group: string): Promise<string[]> {
  const printed = await describeGroup(group, '--members')
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
}

/** Committed and end offsets as Kafka's own tool shows them. */
export async function lagOf(group: string): Promise<GroupLag[]> {
  const printed = await describeGroup(group, '--offsets')
  return printed
    .split('\n')
    .filter((line) => line.startsWith(`${group} `))
    .map((line) => {
      const [, topic, partition, committed, end] = line.trim().split(/\s+/)
      return { topic: topic!, partition: Number(partition), committed: Number(committed), end: Number(end) }
    })
}

function describeGroup(group: string, what: string): Promise<string> {
  return kafkaTool('consumer.group.ConsumerGroupCommand', [
    ...['--bootstrap-server', servers().kafkaBrokers, '--describe', '--group', group, what],
  ])
}
