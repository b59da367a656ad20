/** The parts of kafkajs that it does not publish and that we use, as far as we use them. */
import type { KafkaConfig, Logger } from 'kafkajs'
import type { PartitionData } from './repairs/batch.ts'

export interface ClusterOptions extends KafkaConfig {
  readonly logger: Logger
  readonly metadataMaxAge: number
  readonly allowAutoTopicCreation: boolean
  readonly isolationLevel: number
}

export const READ_COMMITTED = 1

export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  refreshMetadata(): Promise<void>
  /** Partitions by the id of the broker that leads them. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>
  findBroker(wanted: { nodeId: string }): Promise<ClusterBroker>
  findGroupCoordinator(of: { groupId: string }): Promise<ClusterBroker>
  removeBroker(address: { host: string; port: number }): void
}

export interface ClusterBroker {
  fetch(request: FetchRequest): Promise<FetchResponse>
  /** Rejects where a partition was refused. */
  offsetCommit(request: OffsetCommitRequest): Promise<unknown>
}

export interface OffsetCommitRequest {
  readonly groupId: string
  /** −1, and no member: for a group that nobody is in. */
  readonly groupGenerationId: number
  readonly memberId: string
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
  }[]
}

export interface FetchRequest {
  readonly maxWaitTime: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolationLevel: number
  readonly topics: readonly FetchTopic[]
}

export interface FetchTopic {
  readonly topic: string
  readonly partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[]
}

export interface FetchResponse {
  readonly responses: readonly { topicName: string; partitions: readonly PartitionData[] }[]
}
