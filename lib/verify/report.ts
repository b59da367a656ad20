import type { Finding } from './compare.ts'

/** One hop, compared with what the hop before it holds. */
export interface Checked {
  readonly hop: string
  readonly records: number
  /** Distinct keys; undefined where a hop knows counts only. */
  readonly keys?: number
  /** Records, beyond one a key. */
  readonly duplicates?: number
  /** Why, where it is known, and the cure. */
  readonly note?: string
  readonly findings: readonly Finding[]
}

/** One line of the report. */
export interface Hop extends Omit<Checked, 'findings'> {
  readonly missing: number
  readonly different: number
  readonly tooMany: number
}

export interface Report {
  readonly hops: readonly Hop[]
  readonly findings: readonly Finding[]
  /** Records not yet processed when the verification began, or that came while it ran: left out. */
  readonly pending: number
  readonly exitCode: 0 | 3 | 4
}

/** 3 if a key is missing at a later hop, else 4 if something differs or is too many, else 0. */
export function reportOf(checked: readonly Checked[], pending: number): Report {
  const findings = checked.flatMap((hop) => hop.findings)
  return { hops: checked.map(lineOf), findings, pending, exitCode: exitCodeOf(findings) }
}

function lineOf({ findings, ...hop }: Checked): Hop {
  const count = (kind: Finding['kind']) => findings.filter((finding) => finding.kind === kind).length
  return { ...hop, missing: count('missing'), different: count('different'), tooMany: count('too many') }
}

function exitCodeOf(findings: readonly Finding[]): Report['exitCode'] {
  if (findings.length === 0) return 0
  return findings.some(({ kind }) => kind === 'missing') ? 3 : 4
}
