import { filterAbortedMessages } from './abort-filter.ts'
import { type Answered, repairAnswers } from './answers.ts'
import { Batch } from './batch.ts'
import { type Runner, repairCommit } from './commit.ts'
import { type Connection, repairConnection } from './connection.ts'
import { rememberingCoordinators } from './coordinators.ts'
import { messagesDecoder, type OldMessage } from './decode-messages.ts'
import { groupMessagesPerPartition } from './group-messages.ts'
import { type OffsetManager, repairOffsetReset } from './offset-reset.ts'
import { type Compressor, produceRequestOf } from './produce-request.ts'
import type { CodecLookup } from './record-batch.ts'
import { type ConsumerGroup, repairRejoin } from './rejoin.ts'
import { replaceModule, wrapModule } from './replace-module.ts'
import { sendMessagesOf } from './send-messages.ts'
import { type RequestQueue, repairThrottleTimer } from './throttle-timer.ts'
import { type AssignmentCodec, type JoiningGroup, repairUserData } from './user-data.ts'

type ClassOf<T> = { readonly prototype: T }
type NoMetadata = new (message: string) => Error
type ClosedError = new (message: string, broker: { host: string; port: number }) => Error

/** Repairs kafkajs 2.2.4 before it is loaded. Whole files are replaced in the cache of `require`, single methods after. */
export function repairKafkajs(require: NodeJS.Require): void {
  const load = <T>(file: string) => require(`kafkajs/src/${file}`) as T
  replaceModule(require, 'kafkajs/src/consumer/filterAbortedMessages', filterAbortedMessages)
  replaceModule(require, 'kafkajs/src/consumer/batch', Batch)
  replaceModule(require, 'kafkajs/src/producer/groupMessagesPerPartition', groupMessagesPerPartition)
  replaceModule(require, 'kafkajs/src/protocol/requests/produce/v3/request', produceRequest(load))
  const { KafkaJSMetadataNotLoaded } = load<{ KafkaJSMetadataNotLoaded: NoMetadata }>('errors')
  replaceModule(require, 'kafkajs/src/producer/sendMessages', sendMessagesOf(KafkaJSMetadataNotLoaded))
  replaceModule(require, 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages', decodeMessages(load))
  wrapModule(require, 'kafkajs/src/producer/eosManager', rememberingCoordinators)
  const { KafkaJSConnectionClosedError } = load<{ KafkaJSConnectionClosedError: ClosedError }>('errors')
  repairConnection(
    load<ClassOf<Connection>>('network/connection').prototype,
    (broker) => new KafkaJSConnectionClosedError('Closed connection', broker),
  )
  repairAnswers(load<ClassOf<Answered>>('network/connection').prototype)
  repairThrottleTimer(load<ClassOf<RequestQueue>>('network/requestQueue').prototype)
  repairOffsetReset(load<ClassOf<OffsetManager>>('consumer/offsetManager').prototype)
  repairCommit(load<ClassOf<Runner>>('consumer/runner').prototype)
  const { MemberAssignment } = load<{ MemberAssignment: AssignmentCodec }>('consumer/assignerProtocol')
  const { prototype: group } = load<ClassOf<ConsumerGroup & JoiningGroup>>('consumer/consumerGroup')
  repairRejoin(group)
  repairUserData(group, MemberAssignment)
}

function produceRequest(load: <T>(file: string) => T) {
  const { Produce } = load<{ Produce: number }>('protocol/requests/apiKeys')
  const { lookupCodec } = load<{ lookupCodec: (compression: number) => Compressor }>(
    'protocol/message/compression',
  )
  return produceRequestOf(Produce, lookupCodec)
}

function decodeMessages(load: <T>(file: string) => T) {
  const compression = load<{ lookupCodecByAttributes: CodecLookup }>('protocol/message/compression')
  const Decoder = load<new (buffer: Buffer) => object>('protocol/decoder')
  const decodeMessageSet = load<(decoder: object, size: number) => Promise<OldMessage[]>>(
    'protocol/messageSet/decoder',
  )
  return messagesDecoder(compression.lookupCodecByAttributes, (bytes) =>
    decodeMessageSet(new Decoder(bytes), bytes.length),
  )
}
