import { expect } from 'chai'
import { commitError, kafkaError, protocolTypeOf } from '../../../connectors/kafka/errors.ts'
import { MillraceError } from '../../../lib/errors.ts'
import { stockFile } from './stock-kafkajs.ts'

type ErrorClass = new (cause: unknown, options?: object) => Error
const errors = stockFile<Record<string, ErrorClass>>('errors')

function protocol(type: string, retriable = false): Error {
  return new errors.KafkaJSProtocolError!({ message: 'secret', type, code: 1, retriable })
}

function exceeded(cause: Error): Error {
  return new errors.KafkaJSNumberOfRetriesExceeded!(cause, { retryCount: 5, retryTime: 1 })
}

describe('Kafka errors', () => {
  for (const [error, code, retriable] of [
    [protocol('ILLEGAL_GENERATION'), 'FENCED', false],
    [exceeded(protocol('UNKNOWN_MEMBER_ID')), 'FENCED', false],
    [protocol('OFFSET_OUT_OF_RANGE'), 'DATA_LOSS', false],
    [protocol('MESSAGE_TOO_LARGE'), 'WRITE', false],
    [protocol('UNKNOWN_TOPIC_OR_PARTITION', true), 'MISSING', false],
    [protocol('TOPIC_AUTHORIZATION_FAILED'), 'CONFIG', false],
    [protocol('NOT_ENOUGH_REPLICAS', true), 'UNREACHABLE', true],
    [protocol('OUT_OF_ORDER_SEQUENCE_NUMBER'), 'UNREACHABLE', true],
    [exceeded(new errors.KafkaJSConnectionError!('secret', { code: 'ECONNREFUSED' })), 'UNREACHABLE', true],
    [new errors.KafkaJSSASLAuthenticationError!('secret'), 'CONFIG', false],
    [new errors.KafkaJSNonRetriableError!('Invalid message without value: secret'), 'INTERNAL', false],
    [new TypeError('secret'), 'INTERNAL', false],
    ['secret', 'INTERNAL', false],
  ] as const) {
    const name = error instanceof Error ? `${error.name} ${protocolTypeOf(error) ?? ''}` : 'a string'
    it(`should make ${code} of ${name}, without repeating its text`, () => {
      const ours = kafkaError(error, 'writing', { topic: 'orders' })
      expect({ code: ours.code, retriable: ours.retriable }).to.deep.equal({ code, retriable })
      expect(ours.at).to.deep.equal({ topic: 'orders' })
      expect(ours.message).to.include('writing').and.not.include('secret')
      expect(ours.cause).to.equal(undefined)
    })
  }

  it('should find our own error inside what kafkajs has wrapped around it', () => {
    const ours = new MillraceError('POISON', 'broken batch')
    const wrapped = new errors.KafkaJSNonRetriableError!(ours, { cause: ours })
    expect(kafkaError(wrapped, 'consuming')).to.equal(ours)
  })

  it('should take a commit for void when the client is in no group, and not when the broker fails', () => {
    expect(commitError(new TypeError('no coordinator')).code).to.equal('FENCED')
    expect(commitError(protocol('ILLEGAL_GENERATION')).code).to.equal('FENCED')
    expect(commitError(protocol('UNKNOWN')).code).to.equal('INTERNAL')
  })
})
