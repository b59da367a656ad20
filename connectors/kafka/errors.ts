import { type Coordinates, type ErrorCode, MillraceError } from '../../lib/errors.ts'

/** What we read of a kafkajs error. Its message is not safe to repeat: some of them print whole records. */
interface ClientError {
  readonly name?: unknown
  readonly type?: unknown
  readonly code?: unknown
  readonly retriable?: unknown
  readonly cause?: unknown
}

const BY_TYPE: Readonly<Record<string, ErrorCode>> = {
  REBALANCE_IN_PROGRESS: 'FENCED',
  ILLEGAL_GENERATION: 'FENCED',
  UNKNOWN_MEMBER_ID: 'FENCED',
  FENCED_INSTANCE_ID: 'FENCED',
  OFFSET_OUT_OF_RANGE: 'DATA_LOSS',
  UNKNOWN_TOPIC_OR_PARTITION: 'MISSING',
  MESSAGE_TOO_LARGE: 'WRITE',
  RECORD_LIST_TOO_LARGE: 'WRITE',
  INVALID_RECORD: 'WRITE',
  INVALID_TIMESTAMP: 'WRITE',
  INVALID_TOPIC_EXCEPTION: 'CONFIG',
  INVALID_PARTITIONS: 'CONFIG',
  INVALID_REPLICATION_FACTOR: 'CONFIG',
  INVALID_CONFIG: 'CONFIG',
  POLICY_VIOLATION: 'CONFIG',
  TOPIC_AUTHORIZATION_FAILED: 'CONFIG',
  GROUP_AUTHORIZATION_FAILED: 'CONFIG',
  CLUSTER_AUTHORIZATION_FAILED: 'CONFIG',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'CONFIG',
  INVALID_TRANSACTION_TIMEOUT: 'CONFIG',
  UNSUPPORTED_SASL_MECHANISM: 'CONFIG',
  SASL_AUTHENTICATION_FAILED: 'CONFIG',
  // These end a producer, not the work: a new producer takes over.
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'UNREACHABLE',
  UNKNOWN_PRODUCER_ID: 'UNREACHABLE',
  INVALID_PRODUCER_EPOCH: 'UNREACHABLE',
  INVALID_PRODUCER_ID_MAPPING: 'UNREACHABLE',
  INVALID_TXN_STATE: 'UNREACHABLE',
  TRANSACTION_COORDINATOR_FENCED: 'UNREACHABLE',
}

const FENCING_TYPES = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'])

const UNREACHABLE_NAMES = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
  'KafkaJSTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
])

/** Turns what kafkajs throws into our error. Never carries its text or its stack on: they may hold record contents. */
export function kafkaError(error: unknown, doing: string, at: Coordinates = {}): MillraceError {
  const root = rootOf(error)
  if (root instanceof MillraceError) return root
  const code = codeOf(root)
  return new MillraceError(code, `Kafka: ${doing}: ${reasonOf(root)}${cureFor(root)}`, { ...at })
}

/** kafkajs lets go of the group some time before it tells that it has crashed; what the broker itself says is no such thing. */
export function commitError(error: unknown): MillraceError {
  const failure = kafkaError(error, 'committing positions')
  if (failure.code !== 'INTERNAL' || protocolTypeOf(error) !== undefined) return failure
  return new MillraceError('FENCED', 'the consumer has left its group')
}

/**
 * A broker tells a producer that was fenced and one whose transaction it has given up the same thing: there is a newer
 * epoch of this id.
 */
export function transactionError(error: unknown, id: string): MillraceError {
  if (!FENCING_TYPES.has(protocolTypeOf(error) ?? '')) return inDoubt(error, `transaction of ${id}`)
  return new MillraceError(
    'FENCED',
    `Another producer has the transactional id ${id}, or its transaction was open for too long and was given up`,
  )
}

/** Whatever kafkajs has failed with, a new producer finds out what was written. */
function inDoubt(error: unknown, doing: string): MillraceError {
  const failure = kafkaError(error, doing)
  if (failure.code !== 'INTERNAL' || rootOf(error) instanceof MillraceError) return failure
  return new MillraceError('UNREACHABLE', failure.message)
}

/** The protocol's name of an error (`MESSAGE_TOO_LARGE` …), however deep kafkajs has wrapped it. */
export function protocolTypeOf(error: unknown): string | undefined {
  const { type } = rootOf(error) as ClientError
  return typeof type === 'string' ? type : undefined
}

function rootOf(error: unknown): object {
  let root = asObject(error)
  for (let depth = 0; depth < 10; depth++) {
    if (root instanceof MillraceError) return root
    const inner = (root as ClientError).cause ?? firstOf((root as { errors?: unknown }).errors)
    if (typeof inner !== 'object' || inner === null || inner === root) return root
    root = inner
  }
  return root
}

function asObject(error: unknown): object {
  return typeof error === 'object' && error !== null ? error : {}
}

function firstOf(errors: unknown): unknown {
  return Array.isArray(errors) ? errors[0] : undefined
}

function codeOf({ name, type, code, retriable }: ClientError): ErrorCode {
  if (typeof type === 'string' && type in BY_TYPE) return BY_TYPE[type]!
  if (name === 'KafkaJSSASLAuthenticationError') return 'CONFIG'
  if (UNREACHABLE_NAMES.has(String(name)) || isNetworkCode(code)) return 'UNREACHABLE'
  return typeof type === 'string' && retriable === true ? 'UNREACHABLE' : 'INTERNAL'
}

function isNetworkCode(code: unknown): boolean {
  return typeof code === 'string' && /^(E(CONN|HOST|NET|PIPE|TIMEDOUT|AI_AGAIN)|ENOTFOUND)/.test(code)
}

function reasonOf({ name, type, code }: ClientError): string {
  const parts = [name, type, code].filter((part) => typeof part === 'string' && part !== '')
  return parts.length > 0 ? parts.join(' ') : 'unknown error'
}

function cureFor({ name, type }: ClientError): string {
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return '; `millrace apply` creates topics'
  if (name === 'KafkaJSSASLAuthenticationError') return '; check user name and password'
  if (typeof type === 'string' && type.endsWith('AUTHORIZATION_FAILED')) return '; grant this user access'
  return ''
}
