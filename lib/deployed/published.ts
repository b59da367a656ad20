import type { Broker } from '../broker/broker.ts'
import { changelogsOf, inputTopics } from '../runtime/input-topics.ts'
import { type Description, description } from '../topology/describe.ts'
import type { Guarantee, Topology } from '../topology/nodes.ts'
import { storesOf } from '../topology/stores-of.ts'
import { Ledger } from './ledger.ts'

const KIND = 'description'

/** What a running topology says of itself: what `plan` compares the code with. */
export interface Published {
  readonly guarantee: Guarantee
  readonly description: Description
  readonly stores: readonly PublishedStore[]
  /** Repartition and changelog topics. */
  readonly internalTopics: readonly string[]
}

export interface PublishedStore {
  readonly name: string
  readonly step: string
}

export function publishedOf(topology: Topology, application: string): Published {
  return {
    guarantee: topology.guarantee,
    description: description(topology),
    stores: topology.nodes.flatMap((node) => storesOf(node).map(({ name }) => ({ name, step: node.name }))),
    internalTopics: [
      ...inputTopics(topology, application).own,
      ...changelogsOf(topology, application).keys(),
    ],
  }
}

/** Undefined where none has run since the ledger was made. */
export function readPublished(broker: Broker, application: string): Promise<Published | undefined> {
  return new Ledger(broker).read<Published>(KIND, application)
}

/** Notes what runs as `runsAs`; nothing where `apply` has made no ledger, or it says the same already. */
export async function publish(
  broker: Broker,
  topology: Topology,
  application: string,
  runsAs: string = application,
): Promise<void> {
  const ledger = new Ledger(broker)
  if (!(await ledger.exists())) return
  const now = publishedOf(topology, runsAs)
  const known = await ledger.read<Published>(KIND, application)
  if (JSON.stringify(known) !== JSON.stringify(now)) await ledger.write(KIND, application, now)
}
