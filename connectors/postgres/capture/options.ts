import type { BrokerProducer } from '../../../lib/broker/broker.ts'
import type { Logger } from '../../../lib/log.ts'
import type { Headers } from '../../../lib/record.ts'
import type { Row } from './pgoutput.ts'

/** What `apply` makes and a capture needs. */
export interface CaptureSpec {
  /** Key of its position, its errors and its dead letters. */
  readonly name: string
  /** `schema.table` */
  readonly table: string
  readonly publication: string
  readonly slot: string
}

export interface EncodedRow {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly headers?: Headers | undefined
}

export interface CaptureOptions extends CaptureSpec {
  readonly databaseUrl: string
  readonly topic: string
  readonly deadLetterTopic: string
  /**
   * Column → PostgreSQL's text (UTC, ISO dates), as a record. Throws a `MillraceError` of code `REJECTED` or
   * `POISON` for a row that goes to the dead letters; anything else it throws stops the capture.
   */
  readonly encode: (row: Row) => EncodedRow
  readonly producer: BrokerProducer
  /** The column that names a row in dead letters, e.g. `id`. */
  readonly identity: string
  /** Most rows in one send. Default 500. */
  readonly batchRecords?: number | undefined
  /** A larger record (key and value) is a dead letter. Default 1,000,000: what Kafka takes unless told otherwise. */
  readonly maxRecordBytes?: number | undefined
  /** How often the position moves while no row comes: what bounds the log an idle table holds back. Default 10 s. */
  readonly heartbeatMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly onProgress?: ((status: CaptureStatus) => void) | undefined
}

export interface CaptureStatus {
  readonly state: 'starting' | 'snapshot' | 'streaming' | 'waiting' | 'stopped'
  /** All that was committed before this LSN is in Kafka, and stored so. */
  readonly position: string | undefined
  /** Rows sent since start, dead letters not counted. */
  readonly rows: number
  readonly deadLetters: number
  /** Seen, not sent. */
  readonly deletes: number
  readonly truncates: number
}
