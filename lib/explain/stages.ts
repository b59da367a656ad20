import type { DropReason } from '../operators/step.ts'
import type { FoundRow } from '../ports.ts'
import type { Context, OutRecord } from '../record.ts'
import type { Node } from '../topology/nodes.ts'

/** What a step was given, or has handed on. */
export interface Passed {
  readonly key: unknown
  readonly value: unknown
  /** Milliseconds. */
  readonly timestamp: number
}

export interface Kept {
  readonly store: string
  /** Of a window: `{ key, start, end }`. */
  readonly key: unknown
  readonly value: unknown
}

export interface RowWritten extends Passed {
  readonly table: string
  /** What is there now; undefined where it was not looked up. */
  readonly found?: FoundRow | undefined
}

/** What became of a record at one step. */
export interface Stage {
  readonly step: string
  readonly kind: Node['kind']
  readonly given: Passed[]
  readonly handedOn: Passed[]
  readonly dropped: { readonly reason: DropReason; readonly timestamp: number }[]
  readonly refused: {
    readonly code: string
    readonly reason: string
    readonly outcome: string
    /** Where it lies; undefined where it was not found. */
    deadLetter: string | undefined
  }[]
  /** In a store that was empty before. */
  kept: readonly Kept[]
  readonly records: (Passed & { readonly topic: string })[]
  readonly rows: RowWritten[]
}

/** The stages that a record has reached, in their order. */
export class Stages {
  readonly #byStep = new Map<string, Stage>()

  get all(): readonly Stage[] {
    return [...this.#byStep.values()]
  }

  of({ name: step, kind }: Node): Stage {
    const known = this.#byStep.get(step)
    if (known !== undefined) return known
    const rest = { given: [], handedOn: [], dropped: [], refused: [], kept: [], records: [], rows: [] }
    const made: Stage = { step, kind, ...rest }
    this.#byStep.set(step, made)
    return made
  }

  named(step: string): Stage | undefined {
    return this.#byStep.get(step)
  }

  passed(node: Node, side: 'in' | 'out', value: unknown, { key, timestamp }: Context): void {
    const stage = this.of(node)
    const into = side === 'in' ? stage.given : stage.handedOn
    into.push({ key, value, timestamp })
  }

  written(node: Node, record: OutRecord): void {
    const given = this.of(node).given.at(-1)
    this.of(node).records.push({
      topic: record.topic,
      key: given?.key ?? null,
      value: given?.value ?? null,
      timestamp: record.timestamp,
    })
  }
}
