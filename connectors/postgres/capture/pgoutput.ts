/**
 * Decoder of the logical replication messages of the plugin `pgoutput`, protocol version 1.
 * Source: PostgreSQL documentation, "Logical Replication Message Formats".
 */
import { MillraceError } from '../../../lib/errors.ts'
import { ByteReader } from './byte-reader.ts'
import type { Lsn } from './lsn.ts'
import { millisecondsOf } from './replication-message.ts'

/** Column → PostgreSQL's text form. Without prototype: a column may have any name. */
export type Row = Record<string, string | null>

export interface Relation {
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  /** Columns of the replica identity: the primary key unless the table says otherwise. */
  readonly key: readonly string[]
}

export type LogicalMessage =
  | { readonly kind: 'begin'; readonly commitLsn: Lsn; readonly committedAt: number; readonly xid: number }
  /** `endLsn` is the first position after the transaction: the only one that is safe to acknowledge. */
  | { readonly kind: 'commit'; readonly endLsn: Lsn }
  | { readonly kind: 'insert'; readonly relation: Relation; readonly row: Row }
  /** `unchanged`: large (TOASTed) columns the server left out. They are absent from `row`, not null. */
  | {
      readonly kind: 'update'
      readonly relation: Relation
      readonly row: Row
      readonly unchanged: readonly string[]
    }
  | { readonly kind: 'delete'; readonly relation: Relation }
  | { readonly kind: 'truncate'; readonly relations: readonly Relation[] }
  /** Relation, type, origin: nothing to capture. */
  | { readonly kind: 'description' }

interface Tuple {
  readonly row: Row
  readonly unchanged: readonly string[]
}

/** One per stream: the server describes a relation once, before its first row, and again when it changes. */
export class PgOutputDecoder {
  readonly #relations = new Map<number, Relation>()

  /** @throws {MillraceError} `INTERNAL` for what version 1 doesn't know: going on could skip a row. */
  decode(payload: Buffer): LogicalMessage {
    const reader = new ByteReader(payload)
    const type = reader.letter()
    switch (type) {
      case 'B':
        return begin(reader)
      case 'C':
        return commit(reader)
      case 'I':
        return this.#insert(reader)
      case 'U':
        return this.#update(reader)
      case 'D':
        return { kind: 'delete', relation: this.#relation(reader) }
      case 'T':
        return this.#truncate(reader)
      case 'R':
        this.#relations.set(reader.int32(), relation(reader))
        return { kind: 'description' }
      case 'Y':
      case 'O':
        return { kind: 'description' }
      default:
        throw new MillraceError('INTERNAL', `PostgreSQL sent an unknown replication message "${type}"`)
    }
  }

  #relation(reader: ByteReader): Relation {
    const id = reader.int32()
    const known = this.#relations.get(id)
    if (known === undefined) throw new MillraceError('INTERNAL', `PostgreSQL did not describe relation ${id}`)
    return known
  }

  #insert(reader: ByteReader): LogicalMessage {
    const relation = this.#relation(reader)
    reader.letter() // always N
    return { kind: 'insert', relation, row: tuple(reader, relation).row }
  }

  #update(reader: ByteReader): LogicalMessage {
    const relation = this.#relation(reader)
    const part = reader.letter()
    // O: the whole old row (REPLICA IDENTITY FULL). K: the old key only.
    const old = part === 'N' ? undefined : tuple(reader, relation)
    if (part !== 'N') reader.letter()
    const { row, unchanged } = tuple(reader, relation)
    if (part !== 'O' || old === undefined) return { kind: 'update', relation, row, unchanged }
    for (const column of unchanged) if (column in old.row) row[column] = old.row[column] as string | null
    return { kind: 'update', relation, row, unchanged: unchanged.filter((column) => !(column in row)) }
  }

  #truncate(reader: ByteReader): LogicalMessage {
    const count = reader.int32()
    reader.int8() // cascade, restart identity
    return { kind: 'truncate', relations: Array.from({ length: count }, () => this.#relation(reader)) }
  }
}

function begin(reader: ByteReader): LogicalMessage {
  const commitLsn = reader.int64()
  return { kind: 'begin', commitLsn, committedAt: millisecondsOf(reader.int64()), xid: reader.int32() }
}

function commit(reader: ByteReader): LogicalMessage {
  reader.int8() // flags, unused
  reader.int64() // start of the commit record
  return { kind: 'commit', endLsn: reader.int64() }
}

function relation(reader: ByteReader): Relation {
  // An empty schema stands for pg_catalog.
  const schema = reader.zeroTerminated() || 'pg_catalog'
  const table = reader.zeroTerminated()
  reader.int8() // replica identity
  const columns: string[] = []
  const key: string[] = []
  const count = reader.int16()
  for (let i = 0; i < count; i++) {
    const isKey = (reader.int8() & 1) === 1
    const name = reader.zeroTerminated()
    reader.int32() // type
    reader.int32() // type modifier
    columns.push(name)
    if (isKey) key.push(name)
  }
  return { schema, table, columns, key }
}

function tuple(reader: ByteReader, relation: Relation): Tuple {
  const row: Row = Object.create(null)
  const unchanged: string[] = []
  const count = reader.int16()
  for (let i = 0; i < count; i++) {
    const column = relation.columns[i]
    if (column === undefined) {
      throw new MillraceError(
        'INTERNAL',
        `a row of ${relation.table} has more columns than it was described with`,
      )
    }
    const form = reader.letter()
    if (form === 't') row[column] = reader.text(reader.int32())
    else if (form === 'n') row[column] = null
    else if (form === 'u') unchanged.push(column)
    else throw new MillraceError('INTERNAL', `column ${column} of ${relation.table} came in binary form`)
  }
  return { row, unchanged }
}
