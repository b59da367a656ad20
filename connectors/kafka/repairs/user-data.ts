import { AsyncLocalStorage } from 'node:async_hooks'

/** The part of kafkajs' consumer/assignerProtocol that reads an assignment. */
export interface AssignmentCodec {
  decode(bytes: Buffer): { readonly userData: Buffer } | null
}

/** The part of kafkajs' consumer/consumerGroup that receives one. */
export interface JoiningGroup {
  readonly cluster: object
  joinAndSync(): Promise<void>
}

type Told = (userData: Buffer) => void

/** By the consumer's cluster: the one object of its own that kafkajs hands out, to its assigners. */
const toldByCluster = new WeakMap<object, Told>()
const joining = new AsyncLocalStorage<Told>()

/** `told` is called with what an assignment carries beside its partitions, before kafkajs says that it has joined. */
export function hookUserData(cluster: object, told: Told): void {
  toldByCluster.set(cluster, told)
}

/** kafkajs decodes the user data of an assignment, and drops it: a member is never told of its standbys. */
export function repairUserData(prototype: JoiningGroup, codec: AssignmentCodec): void {
  const { joinAndSync } = prototype
  prototype.joinAndSync = function (this: JoiningGroup) {
    const told = toldByCluster.get(this.cluster)
    return told === undefined ? joinAndSync.call(this) : joining.run(told, () => joinAndSync.call(this))
  }
  const { decode } = codec
  codec.decode = (bytes) => {
    const assignment = decode(bytes)
    joining.getStore()?.(assignment?.userData ?? Buffer.alloc(0))
    return assignment
  }
}
