import { type Headers, headerOf, type Position, type RawRecord } from '../record.ts'
import { DEAD_LETTER } from '../runtime/dead-letters.ts'

/** How often a record has been redriven: on its next dead letter, should it be refused again. */
export const ATTEMPTS = 'millrace.dlq.attempts'

/** The same on what a redrive hands to the running application, through its internal topics. */
export const REDRIVEN = 'millrace.redrive.attempts'

/** A dead letter, as it lies in its topic. */
export interface Letter extends Position {
  readonly step: string
  readonly reason: string
  readonly code: string
  /** The topology or capture that refused it. */
  readonly application: string
  /** Where the refused record came from. */
  readonly origin: Origin
  /** When the refused record happened. Milliseconds. */
  readonly timestamp: number
  readonly attempts: number
  /** What it has no room for of the record; undefined where it has all. */
  readonly omitted: string | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** As they lie there: the record's own, and what is said of its refusal. */
  readonly headers: Headers
}

/** A record of a topic, or a row of a captured table. */
export type Origin = (Position & { readonly kind: 'record' }) | RowOrigin

export interface RowOrigin {
  readonly kind: 'row'
  readonly table: string
  readonly id: string
}

const OF_CAPTURE = { source: 'millrace.dlq.source', id: 'millrace.dlq.id' } as const

/** Undefined for a record that is no dead letter of millrace's. */
export function letterOf(record: RawRecord): Letter | undefined {
  const { topic, partition, offset, key, value, headers } = record
  const said = (name: string) => headerOf(headers, name)?.toString()
  const step = said(DEAD_LETTER.step)
  const origin = originOf(said)
  if (step === undefined || origin === undefined) return undefined
  return {
    topic,
    partition,
    offset,
    step,
    reason: said(DEAD_LETTER.reason) ?? '',
    code: said(DEAD_LETTER.code) ?? '',
    application: said(DEAD_LETTER.application) ?? step,
    origin,
    timestamp: Number(said(DEAD_LETTER.timestamp) ?? record.timestamp),
    attempts: Math.max(Number(said(ATTEMPTS) ?? 0), Number(said(REDRIVEN) ?? 0)),
    omitted: said(DEAD_LETTER.omitted),
    key,
    value,
    headers,
  }
}

/** `topic/partition/offset`, or `table/id`. */
export function placeOf(origin: Origin): string {
  return origin.kind === 'row'
    ? `${origin.table}/${origin.id}`
    : `${origin.topic}/${origin.partition}/${origin.offset}`
}

/** The headers that the refused record had. */
export function ownHeaders({ headers }: Pick<Letter, 'headers'>): Headers {
  return headers.filter(([name]) => !name.startsWith('millrace.dlq.') && name !== REDRIVEN)
}

function originOf(said: (name: string) => string | undefined): Origin | undefined {
  const table = said(OF_CAPTURE.source)
  const id = said(OF_CAPTURE.id)
  if (table !== undefined && id !== undefined) return { kind: 'row', table, id }
  const topic = said(DEAD_LETTER.topic)
  const partition = Number(said(DEAD_LETTER.partition) ?? Number.NaN)
  const offset = Number(said(DEAD_LETTER.offset) ?? Number.NaN)
  if (topic === undefined || Number.isNaN(partition + offset)) return undefined
  return { kind: 'record', topic, partition, offset }
}
