import { setTimeout as delay } from 'node:timers/promises'
import type { Broker, BrokerConsumer, ConsumerListener } from '../../../lib/broker/broker.ts'
import type { OutRecord } from '../../../lib/record.ts'

/**
 * Where in a checkpoint a worker dies: outputs computed and not written, or written; half of what goes to a changelog
 * written, or all of a send; state saved and positions not committed, or committed.
 */
export const STAGES = [
  'processed',
  'delivered',
  'half a changelog',
  'changelog',
  'saved',
  'committed',
] as const

/** Where in a transaction it dies: its records sent, its commit under way, or done and its state not saved. */
export const TRANSACTION_STAGES = ['sent', 'committing', 'transacted'] as const

export type Stage = (typeof STAGES)[number] | (typeof TRANSACTION_STAGES)[number]

export interface Death {
  readonly stage: Stage
  /** How often it comes there before. */
  readonly after: number
}

/** A broker whose user dies by its own kill -9, at one point of its work: sooner than any other process could see it. */
export function deadlyBroker(broker: Broker, death: Death, outputs: readonly string[]): Broker {
  let left = death.after
  const here = async (stage: Stage): Promise<void> => {
    if (stage !== death.stage || left-- > 0) return
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => {})
  }
  const isOutput = ({ topic }: OutRecord) => outputs.includes(topic)
  const isChangelog = ({ topic }: OutRecord) => topic.endsWith('-changelog')
  return {
    ...broker,
    admin: broker.admin,
    upkeep: broker.upkeep,
    read: (ranges) => broker.read(ranges),
    async transactions(options) {
      const producer = await broker.transactions(options)
      return {
        async send(records) {
          await producer.send(records)
          await here('sent')
        },
        async commit(positions) {
          const committing = producer.commit(positions)
          committing.catch(() => {})
          if (death.stage === 'committing') await Promise.race([committing, delay(1)])
          await here('committing')
          await committing
          await here('transacted')
        },
        abort: () => producer.abort(),
        close: () => producer.close(),
      }
    },
    close: () => broker.close(),
    async producer(options) {
      const producer = await broker.producer(options)
      return {
        async send(records) {
          const output = records.some(isOutput)
          const changelog = records.some(isChangelog)
          if (output) await here('processed')
          if (changelog && death.stage === 'half a changelog' && left === 0)
            await producer.send(records.slice(0, Math.ceil(records.length / 2)))
          if (changelog) await here('half a changelog')
          await producer.send(records)
          if (output) await here('delivered')
          if (changelog) await here('changelog')
        },
        close: () => producer.close(),
      }
    },
    consumer(options): BrokerConsumer {
      const consumer = broker.consumer(options)
      return {
        start: (listener: ConsumerListener) => consumer.start(listener),
        flow: (partitions, state) => consumer.flow(partitions, state),
        retake: (generation) => consumer.retake(generation),
        stop: () => consumer.stop(),
        async commit(generation, positions) {
          await here('saved')
          await consumer.commit(generation, positions)
          await here('committed')
        },
      }
    },
  }
}
