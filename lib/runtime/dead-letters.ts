import { MillraceError, messageOf } from '../errors.ts'
import type { Headers, OutRecord, RawRecord } from '../record.ts'
import { fitting } from './fitting-letter.ts'

/** Header names of a dead letter. The record's own headers come first, its key and value unchanged. */
export const DEAD_LETTER = {
  reason: 'millrace.dlq.reason',
  code: 'millrace.dlq.code',
  step: 'millrace.dlq.step',
  application: 'millrace.dlq.application',
  topic: 'millrace.dlq.topic',
  partition: 'millrace.dlq.partition',
  offset: 'millrace.dlq.offset',
  timestamp: 'millrace.dlq.timestamp',
  omitted: 'millrace.dlq.omitted',
} as const

/** Of what names the parts that are left out. */
const OMITTED_LENGTH = 1_000

/** A refused record as it goes to the dead letters: same bytes, as far as there is room, same timestamp, and why. */
export function deadLetter(
  topic: string,
  application: string,
  step: string,
  error: unknown,
  raw: RawRecord,
): OutRecord {
  const own = raw.headers.filter(([name]) => !name.startsWith('millrace.dlq.'))
  const { key, value, headers: kept, omitted } = fitting({ ...raw, headers: own })
  const headers: Headers = [
    ...kept,
    text(DEAD_LETTER.reason, reasonOf(error)),
    text(DEAD_LETTER.code, error instanceof MillraceError ? error.code : 'STEP'),
    text(DEAD_LETTER.step, step),
    text(DEAD_LETTER.application, application),
    text(DEAD_LETTER.topic, raw.topic),
    text(DEAD_LETTER.partition, String(raw.partition)),
    text(DEAD_LETTER.offset, String(raw.offset)),
    text(DEAD_LETTER.timestamp, String(raw.timestamp)),
    ...(omitted.length > 0 ? [text(DEAD_LETTER.omitted, omitted.join(', ').slice(0, OMITTED_LENGTH))] : []),
  ]
  return { topic, key, value, timestamp: raw.timestamp, headers }
}

function text(name: string, value: string): readonly [string, Buffer] {
  return [name, Buffer.from(value)]
}

/** A user's exception is named by its class too: "TypeError: …" says more than the text alone. */
function reasonOf(error: unknown): string {
  const message = messageOf(error).slice(0, 500)
  return error instanceof MillraceError || !(error instanceof Error) ? message : `${error.name}: ${message}`
}
