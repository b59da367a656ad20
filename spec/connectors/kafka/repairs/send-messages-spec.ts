import { expect } from 'chai'
import {
  type Broker,
  type SendMessagesOptions,
  sendMessagesOf,
} from '../../../../connectors/kafka/repairs/send-messages.ts'
import { stockFile } from '../stock-kafkajs.ts'

type Factory = ReturnType<typeof sendMessagesOf>

interface Asked {
  readonly nodeId: string
  /** `partition@first sequence number` */
  readonly entries: readonly string[]
}

interface Request {
  readonly topicData: readonly {
    readonly partitions: readonly { readonly partition: number; readonly firstSequence: number }[]
  }[]
}

const MESSAGES = [0, 1].map((partition) => ({ partition }))

/** A producer's surroundings, with brokers that do as they are told: partition 0 is led by `a`, 1 by `leader`. */
class Surroundings {
  readonly asked: Asked[] = []
  leader = 'b'
  attempts = 0
  /** What adding partitions to a transaction comes to; without, there is none. */
  adding: (() => Promise<void>) | undefined
  readonly #sequences = new Map<number, number>()
  readonly #brokers: Record<string, Broker>

  constructor(answers: Record<string, (nth: number) => Promise<void>>) {
    this.#brokers = Object.fromEntries(
      Object.entries(answers).map(([nodeId, answer]) => [nodeId, this.#broker(nodeId, answer)]),
    )
  }

  send(factory: Factory): Promise<readonly { readonly partition: number }[]> {
    return factory(this.#parts())({ acks: -1, topicMessages: [{ topic: 't', messages: MESSAGES }] })
  }

  #broker(nodeId: string, answer: (nth: number) => Promise<void>): Broker {
    let nth = 0
    return {
      nodeId,
      produce: async (request) => {
        const { partitions } = (request as Request).topicData[0]!
        const entries = partitions.map(({ partition, firstSequence }) => `${partition}@${firstSequence}`)
        this.asked.push({ nodeId, entries })
        await answer(nth++)
        return { topics: [{ topicName: 't', partitions }] }
      },
    }
  }

  #parts(): SendMessagesOptions {
    const logger = { error() {}, debug() {} }
    const locks = new Map<string, Promise<void>>()
    const unlocks = new Map<string, () => void>()
    return {
      logger,
      cluster: {
        isConnected: () => true,
        connect: async () => {},
        refreshMetadata: async () => {},
        refreshMetadataIfNecessary: async () => {},
        addMultipleTargetTopics: async () => {},
        findTopicPartitionMetadata: () => MESSAGES,
        findLeaderForPartitions: (_, partitions) => {
          const leaderOf = (partition: number) => (partition === 0 ? 'a' : this.leader)
          return Object.groupBy(partitions.map(Number), leaderOf) as Record<string, number[]>
        },
        findBroker: async ({ nodeId }) => this.#brokers[nodeId]!,
        removeBroker() {},
      },
      partitioner: ({ message }) => (message as { partition: number }).partition,
      eosManager: {
        isTransactional: () => this.adding !== undefined,
        getTransactionalId: () => '',
        getProducerId: () => 1,
        getProducerEpoch: () => 0,
        getSequence: (_, partition) => this.#sequences.get(partition) ?? 0,
        updateSequence: (_, partition, by) =>
          void this.#sequences.set(partition, (this.#sequences.get(partition) ?? 0) + by),
        addPartitionsToTransaction: async () => this.adding?.(),
        acquireBrokerLock: async ({ nodeId }) => {
          while (locks.has(nodeId)) await locks.get(nodeId)
          const { promise, resolve } = Promise.withResolvers<void>()
          locks.set(nodeId, promise)
          unlocks.set(nodeId, resolve)
        },
        releaseBrokerLock: ({ nodeId }) => {
          locks.delete(nodeId)
          unlocks.get(nodeId)!()
        },
      },
      retrier: async (attempt) => {
        for (;;) {
          try {
            this.attempts++
            return await attempt((error) => {
              throw error
            })
          } catch (error) {
            if (!(error as { retriable?: boolean }).retriable) throw error
          }
        }
      },
    }
  }
}

const NOT_LEADER = { name: 'KafkaJSProtocolError', type: 'NOT_LEADER_FOR_PARTITION', retriable: true }
const repaired = sendMessagesOf(Error)
const stock = () => stockFile<Factory>('producer/sendMessages')
const by = (asked: readonly Asked[], nodeId: string) => asked.filter((one) => one.nodeId === nodeId)

describe('kafkajs repair: send messages', () => {
  /** `b` fails at once, and `a` has not answered before the next attempt, if there is one by then. */
  const slowAndFailing = () => {
    const again = Promise.withResolvers<void>()
    return new Surroundings({
      a: async () => {
        await Promise.race([
          again.promise,
          new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
        ])
      },
      b: async (nth) => {
        if (nth === 0) throw NOT_LEADER
        again.resolve()
      },
    })
  }

  it('should write once what a slow broker has in hand while another fails, where the stock one writes twice', async () => {
    const before = slowAndFailing()
    await before.send(stock())
    expect(by(before.asked, 'a').map(({ entries }) => entries)).to.deep.equal([['0@0'], ['0@1']])
    const after = slowAndFailing()
    await after.send(repaired)
    expect(by(after.asked, 'a').map(({ entries }) => entries)).to.deep.equal([['0@0']])
    expect(by(after.asked, 'b').map(({ entries }) => entries)).to.deep.equal([['1@0'], ['1@0']])
  })

  it('should send to a broker that has answered what it leads by now, where the stock one leaves it out', async () => {
    const moving = () => {
      const surroundings: Surroundings = new Surroundings({
        a: async () => {},
        b: async () => {
          await new Promise((resolve) => setImmediate(resolve))
          surroundings.leader = 'a'
          throw NOT_LEADER
        },
      })
      return surroundings
    }
    const partitionsOf = (written: readonly { partition: number }[]) =>
      written.map(({ partition }) => partition)
    expect(partitionsOf(await moving().send(stock()))).to.deep.equal([0])
    const after = moving()
    expect(partitionsOf(await after.send(repaired))).to.deep.equal([0, 1])
    expect(by(after.asked, 'a').map(({ entries }) => entries)).to.deep.equal([['0@0'], ['1@0']])
  })

  it('should begin a transaction as soon as the one before has its markers, where the stock one begins again', async () => {
    const surroundings = async (factory: Factory) => {
      const all = new Surroundings({ a: async () => {}, b: async () => {} })
      let asked = 0
      all.adding = async () => {
        if (++asked <= 3)
          throw { name: 'KafkaJSProtocolError', type: 'CONCURRENT_TRANSACTIONS', retriable: true }
      }
      await all.send(factory)
      return all.attempts
    }
    expect(await surroundings(stock())).to.be.greaterThan(1)
    expect(await surroundings(repaired)).to.equal(1)
  })

  it('should give up what another attempt does not cure', async () => {
    const fatal = { name: 'KafkaJSProtocolError', type: 'MESSAGE_TOO_LARGE', retriable: false }
    const surroundings = new Surroundings({
      a: async () => {},
      b: async () => {
        throw fatal
      },
    })
    let thrown: unknown
    await surroundings.send(repaired).catch((error: unknown) => {
      thrown = error
    })
    expect(thrown).to.equal(fatal)
  })
})
