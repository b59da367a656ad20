import type { Broker, TransactionalProducer } from '../../../lib/broker/broker.ts'

/** What a process that is killed looks like from inside. */
export class Killed extends Error {}

/**
 * The same broker, for a process that dies at the n-th commit under this transactional id: just before it, or when it is done
 * and nobody has been told.
 */
export function dyingAt(broker: Broker, id: string, nth: number, when: 'before' | 'behind'): Broker {
  let commits = 0
  return {
    ...broker,
    transactions: async (options): Promise<TransactionalProducer> => {
      const inner = await broker.transactions(options)
      if (options.id !== id) return inner
      return {
        send: (records) => inner.send(records),
        abort: () => inner.abort(),
        close: () => inner.close(),
        commit: async (positions) => {
          commits++
          if (commits === nth && when === 'before') throw new Killed()
          await inner.commit(positions)
          if (commits === nth) throw new Killed()
        },
      }
    },
  }
}
