/** The part of kafkajs' cluster that its transactions use. */
export interface Cluster {
  readonly retry: unknown
  refreshMetadataIfNecessary(): Promise<void>
  findControllerBroker(): Promise<Broker>
  findBroker(wanted: { nodeId: string }): Promise<Broker>
  findGroupCoordinator(wanted: Wanted): Promise<Broker>
}

interface Broker {
  readonly nodeId: string
}

interface Wanted {
  readonly groupId: string
  readonly coordinatorType: number
}

type EosManagerOf = (options: { readonly cluster: Cluster }) => unknown

/** A coordinator that has moved is found again while kafkajs tries again, which it does for longer. Milliseconds. */
const KNOWN_FOR = 1000

/**
 * kafkajs' producer/eosManager asks where the coordinator is before every request of a transaction: half of its round
 * trips. Here it asks once a second.
 */
export function rememberingCoordinators(
  eosManagerOf: EosManagerOf,
  now: () => number = () => performance.now(),
): EosManagerOf {
  return (options) => eosManagerOf({ ...options, cluster: remembering(options.cluster, now) })
}

function remembering(cluster: Cluster, now: () => number): Cluster {
  const known = new Map<string, { readonly nodeId: string; readonly until: number }>()
  const find = async (wanted: Wanted): Promise<Broker> => {
    const name = `${wanted.coordinatorType} ${wanted.groupId}`
    const last = known.get(name)
    if (last !== undefined && now() < last.until) return cluster.findBroker({ nodeId: last.nodeId })
    const found = await cluster.findGroupCoordinator(wanted)
    known.set(name, { nodeId: found.nodeId, until: now() + KNOWN_FOR })
    return found
  }
  return {
    retry: cluster.retry,
    refreshMetadataIfNecessary: () => cluster.refreshMetadataIfNecessary(),
    findControllerBroker: () => cluster.findControllerBroker(),
    findBroker: (wanted) => cluster.findBroker(wanted),
    findGroupCoordinator: find,
  }
}
