import { retrying } from '../../../lib/backoff.ts'
import { isRetriable, MillraceError } from '../../../lib/errors.ts'
import { atMostEvery, type Logger } from '../../../lib/log.ts'
import { NO_HEADERS, type OutRecord } from '../../../lib/record.ts'
import type { CaptureOptions } from './options.ts'
import type { Row } from './pgoutput.ts'

/** A row to deliver, or why it can't be. */
export interface Delivery {
  readonly row: Row
  /** Commit time, milliseconds since 1970: the timestamp of its dead letter. */
  readonly committedAt: number
  readonly refused?: MillraceError | undefined
}

/** What a row needs to become a record, or a dead letter. */
export type RowEncoding = Pick<
  CaptureOptions,
  'name' | 'table' | 'identity' | 'topic' | 'deadLetterTopic' | 'encode' | 'maxRecordBytes'
>

export interface Delivered {
  readonly rows: number
  readonly deadLetters: number
}

/** Kafka's default for a topic's max.message.bytes is 1,048,588; headers and framing need some of it. */
const MAX_RECORD_BYTES = 1_000_000

/**
 * Resolves only when every row, or its dead letter, is acknowledged by the broker: tries for ever while that is
 * away, until `signal` aborts.
 * @throws {MillraceError} `WRITE` for what the broker will never take, `STEP` when `encode` throws anything odd.
 */
export async function deliver(
  deliveries: readonly Delivery[],
  options: CaptureOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<Delivered> {
  const records = deliveries.map((delivery) => recordOf(delivery, options))
  const sometimes = atMostEvery(10_000)
  await retrying(() => options.producer.send(records), {
    when: isRetriable,
    signal,
    onRetry: (error, attempt) =>
      sometimes(() =>
        logger.warn(
          { capture: options.name, attempt, reason: String(error) },
          'the broker is away: trying again',
        ),
      ),
  })
  const deadLetters = records.filter(({ topic }) => topic === options.deadLetterTopic).length
  return { rows: records.length - deadLetters, deadLetters }
}

/** @throws {MillraceError} `STEP` when `encode` throws anything odd. */
export function recordOf(delivery: Delivery, options: RowEncoding): OutRecord {
  if (delivery.refused !== undefined) return deadLetter(delivery, delivery.refused, options)
  try {
    const { key, value, timestamp, headers } = options.encode(delivery.row)
    const bytes = (key?.length ?? 0) + (value?.length ?? 0)
    const { maxRecordBytes = MAX_RECORD_BYTES } = options
    if (bytes > maxRecordBytes) {
      throw new MillraceError('REJECTED', `a record of ${bytes} bytes; at most ${maxRecordBytes} can be sent`)
    }
    return { topic: options.topic, key, value, timestamp, headers: headers ?? NO_HEADERS }
  } catch (error) {
    if (error instanceof MillraceError && (error.code === 'REJECTED' || error.code === 'POISON')) {
      return deadLetter(delivery, error, options)
    }
    if (error instanceof MillraceError) throw error
    const { name, table, identity } = options
    // The error's own text may hold a value of the row.
    throw new MillraceError(
      'STEP',
      `capture ${name}: encode threw ${error instanceof Error ? error.name : typeof error} ` +
        `for the row of ${table} with ${identity} ${delivery.row[identity] ?? 'null'}`,
      { step: name },
    )
  }
}

/** Without payload: what can't be read can't be cleared of what must not leave the database. */
function deadLetter({ row, committedAt }: Delivery, reason: MillraceError, options: RowEncoding): OutRecord {
  const identity = row[options.identity] ?? ''
  return {
    topic: options.deadLetterTopic,
    key: Buffer.from(identity),
    value: null,
    timestamp: committedAt,
    headers: [
      ['millrace.dlq.reason', Buffer.from(reason.message.slice(0, 500))],
      ['millrace.dlq.code', Buffer.from(reason.code)],
      ['millrace.dlq.step', Buffer.from(options.name)],
      ['millrace.dlq.source', Buffer.from(options.table)],
      ['millrace.dlq.id', Buffer.from(identity)],
    ],
  }
}
