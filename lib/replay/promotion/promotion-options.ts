import type { TableReader } from '../../ports.ts'
import type { Guarantee } from '../../topology/nodes.ts'
import type { NamedShadow } from '../shadow-record.ts'

export interface PromotionOptions extends NamedShadow {
  readonly tables: Readonly<Record<string, TableReader>>
  readonly stateDir: string
  /** Where what does not fit into memory goes. */
  readonly folder: string
  readonly guarantee?: Guarantee | undefined
  /** What it does, as it does it. */
  readonly tell: (what: string) => void
}
