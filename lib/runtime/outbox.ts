import type { SinkRow } from '../ports.ts'
import type { OutRecord, RawRecord } from '../record.ts'
import type { SinkNode, SourceNode, StepNode } from '../topology/nodes.ts'

/** Which step wrote something, and the record that led to it. */
export interface Origin {
  readonly node: SourceNode | StepNode
  readonly raw: RawRecord
}

/** All that one micro-batch wants written before its position may be committed. */
export class Outbox {
  readonly records: OutRecord[] = []
  /** `origins[i]` belongs to `records[i]`; undefined for a dead letter. */
  readonly origins: Array<Origin | undefined> = []
  readonly rows = new Map<SinkNode, Array<{ readonly row: SinkRow; readonly raw: RawRecord }>>()

  addRecord(record: OutRecord, origin?: Origin): void {
    this.records.push(record)
    this.origins.push(origin)
  }

  addRow(node: SinkNode, row: SinkRow, raw: RawRecord): void {
    const rows = this.rows.get(node)
    if (rows === undefined) this.rows.set(node, [{ row, raw }])
    else rows.push({ row, raw })
  }
}
