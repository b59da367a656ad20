import type { SinkRow } from '../ports.ts'
import type { OutRecord, RawRecord } from '../record.ts'
import type { Node, SinkNode } from '../topology/nodes.ts'

/** Which step wrote something, and the record that led to it. */
export interface Origin {
  readonly node: Node
  readonly raw: RawRecord
}

/** A record for a topic of the topology. */
export interface Outgoing extends Origin {
  readonly record: OutRecord
}

/** A row for an external sink. */
export interface OutgoingRow {
  readonly row: SinkRow
  readonly raw: RawRecord
}

/** All that one micro-batch wants written before its position may be committed. */
export class Outbox {
  readonly records: Outgoing[] = []
  readonly letters: OutRecord[] = []
  /** What tells others how far the task is: no record of the topology. */
  readonly markers: OutRecord[] = []
  readonly rows = new Map<SinkNode, OutgoingRow[]>()

  addRow(node: SinkNode, row: SinkRow, raw: RawRecord): void {
    const rows = this.rows.get(node)
    if (rows === undefined) this.rows.set(node, [{ row, raw }])
    else rows.push({ row, raw })
  }
}
