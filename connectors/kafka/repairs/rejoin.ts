/** What a consumer wants to happen before each join, and the member it was in an earlier life. */
export interface RejoinHooks {
  beforeJoin(): Promise<void>
  readonly lastMemberId: string | undefined
}

/** The part of kafkajs' consumer/consumerGroup that joins. */
export interface ConsumerGroup {
  readonly cluster: object
  memberId: string | null
  joinAndSync(): Promise<void>
}

/** By the consumer's cluster: the one object of its own that kafkajs hands out, to its assigners. */
const hooksByCluster = new WeakMap<object, RejoinHooks>()

export function hookRejoin(cluster: object, hooks: RejoinHooks): void {
  hooksByCluster.set(cluster, hooks)
}

/**
 * kafkajs joins again the moment it hears of a rebalance, so that work in hand can't be committed any more and is done
 * twice; and it comes back from a crash as a new member, for which the group waits until the old one times out.
 */
export function repairRejoin(prototype: ConsumerGroup): void {
  const joinAndSync = prototype.joinAndSync
  prototype.joinAndSync = async function (this: ConsumerGroup) {
    const hooks = hooksByCluster.get(this.cluster)
    await hooks?.beforeJoin()
    this.memberId ??= hooks?.lastMemberId ?? null
    return joinAndSync.call(this)
  }
}
