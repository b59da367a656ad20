import type { Broker } from '../../../lib/broker/broker.ts'
import type { Breaking } from './breaking.ts'
import type { FaultStage, PlainRow } from './stage.ts'

/** A pipeline that is being broken, and what is to be found of it, as `kind hop key`. */
export class Breakage {
  readonly stage: FaultStage
  readonly broker: Broker
  readonly by: Breaking
  readonly wrong = new Set<string>()
  /** The same of what was fetched before the turning point. */
  readonly longAgo = new Set<string>()
  turning = new Date(0)
  /** Those of both that can be mended. */
  readonly mendable = new Set<string>()
  readonly duplicated = new Set<string>()
  /** Rows as they were before. */
  readonly whole: {
    readonly table: string
    readonly key: Readonly<Record<string, string>>
    readonly row: PlainRow | undefined
  }[] = []

  constructor(stage: FaultStage, broker: Broker, by: Breaking) {
    this.stage = stage
    this.broker = broker
    this.by = by
  }

  async keep(table: string, key: Readonly<Record<string, string>>): Promise<void> {
    this.whole.push({ table, key, row: await this.stage.row(table, key) })
  }

  /** What is wrong, and can be mended. */
  mended(name: string): void {
    this.mendable.add(name)
    this.wrong.add(name)
  }
}
