/** The one place that loads kafkajs: after its repairs, with all codecs. */
import { createRequire } from 'node:module'
import type * as KafkaJs from 'kafkajs'
import { KAFKA_CODECS } from './codecs.ts'
import type { Cluster, ClusterOptions } from './internals.ts'
import { repairKafkajs } from './repairs/index.ts'

const require = createRequire(import.meta.url)
repairKafkajs(require)
const kafkajs = require('kafkajs') as typeof KafkaJs
Object.assign(kafkajs.CompressionCodecs, KAFKA_CODECS)

export const { Kafka, logLevel, AssignerProtocol } = kafkajs
/** kafkajs' own view of the brokers; not public there, and needed to fetch without a group. */
export const KafkaCluster = require('kafkajs/src/cluster') as new (options: ClusterOptions) => Cluster
