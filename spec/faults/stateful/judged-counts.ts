import { consumeWholeTopic } from '../../support/console-consumer.ts'
import { servers } from '../../support/servers.ts'
import { judge, type Verdict } from '../support/judge.ts'
import type { Stage } from './stage.ts'
import { names } from './workload.ts'

/**
 * Compares every count on the way of each key with those that Kafka's console consumer reads: a state that was lost
 * counts again from less, one that is not the task's own writes counts that never were.
 */
export async function judgedCounts({ run, expected }: Stage): Promise<Verdict> {
  const seen = await consumeWholeTopic(servers().kafkaBrokers, names(run).counts)
  const wanted = [...expected.clicks].flatMap(([key, count]) =>
    Array.from({ length: count }, (_, i) => ({ key, n: i + 1 })),
  )
  return judge(
    wanted,
    seen.map(({ key, value }) => ({ key: String(key), n: Number(String(value)) })),
  )
}
