import { retrying } from '../backoff.ts'
import type { Broker, TransactionalProducer } from '../broker/broker.ts'
import { isRetriable, messageOf, place } from '../errors.ts'
import { atMostEvery, type Logger } from '../log.ts'
import type { TopicPartition } from '../record.ts'

export interface FencingOptions {
  readonly broker: Broker
  readonly application: string
  readonly log: Logger
  readonly signal?: AbortSignal | undefined
}

/**
 * Transactional ids of an application's workers begin so. Each is kept by the group beside the positions that are
 * committed under it, from before the first record is read: see `SharedTransactions`.
 */
export function writerPrefix(application: string): string {
  return `${application}-writer-`
}

/** Waits for the broker as long as it takes, and says so. */
export function openWriter(id: string, options: FencingOptions): Promise<TransactionalProducer> {
  const { broker, application } = options
  return patiently(() => broker.transactions({ id, group: application }), options)
}

/**
 * Fences whoever had these partitions, and settles what that had begun: the positions that are read after this stand,
 * and no reader waits for a transaction of someone who is gone. Waits for the broker as long as it takes.
 */
export async function fenceWriters(
  partitions: readonly TopicPartition[],
  options: FencingOptions,
): Promise<void> {
  const { broker, application } = options
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  if (topics.length === 0) return
  const wanted = new Set(partitions.map(({ topic, partition }) => place({ topic, partition })))
  const committed = await patiently(() => broker.admin.committed(application, topics), options)
  const writers = committed.flatMap(({ topic, partition, metadata = '' }) => {
    const known = wanted.has(place({ topic, partition })) && metadata.startsWith(writerPrefix(application))
    return known ? [metadata] : []
  })
  const fencing = [...new Set(writers)].map(async (id) => (await openWriter(id, options)).close())
  const fenced = await Promise.allSettled(fencing)
  const failed = fenced.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function patiently<T>(asked: () => Promise<T>, { log, signal }: FencingOptions): Promise<T> {
  const rarely = atMostEvery(5000)
  return retrying(asked, {
    when: isRetriable,
    cap: 2000,
    onRetry: (error) =>
      rarely(() => log.warn({}, `waiting for the broker's transactions: ${messageOf(error)}`)),
    signal,
  })
}
