/** The broker port's contract, as specs. Every implementation runs them all, but for what its manifest names. */
import type { Broker } from '../../lib/broker/broker.ts'
import { adminCases } from './broker-admin.ts'
import { consumerCases } from './broker-consumer.ts'
import { groupCases } from './broker-group.ts'
import { BrokerHarness } from './broker-harness.ts'
import { producerCases } from './broker-producer.ts'
import { readCases } from './broker-read.ts'
import { taskCases } from './broker-tasks.ts'
import { upkeepCases } from './broker-upkeep.ts'

export type BrokerFeature = 'record-size-limit' | 'many-members'

/** What an implementation lacks, each with the reason. */
export type BrokerManifest = Readonly<Partial<Record<BrokerFeature, string>>>

/** What the cases get: the harness once the broker is open, and whether a feature is to be had. */
export interface BrokerSuite {
  harness(): BrokerHarness
  has(feature: BrokerFeature): boolean
}

export function brokerConformance(
  name: string,
  open: () => Promise<Broker>,
  lacks: BrokerManifest = {},
): void {
  describe(`broker port: ${name}`, () => {
    let harness: BrokerHarness

    before(async () => {
      harness = new BrokerHarness(await open())
    })
    afterEach(() => harness.stopConsumers())
    after(() => harness?.broker.close())

    const suite: BrokerSuite = { harness: () => harness, has: (feature) => lacks[feature] === undefined }
    adminCases(suite)
    upkeepCases(suite)
    producerCases(suite)
    consumerCases(suite)
    groupCases(suite)
    taskCases(suite)
    readCases(suite)
  })
}
