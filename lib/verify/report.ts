import type { Finding } from './compare.ts'

/** One line of the report. */
export interface Hop {
  readonly hop: string
  readonly records: number
  /** Distinct keys; undefined where a hop knows counts only. */
  readonly keys?: number
  readonly deadLetters?: number
  readonly findings: readonly Finding[]
}

export interface Report {
  readonly hops: readonly Hop[]
  readonly findings: readonly Finding[]
  /** Read and not yet processed when the verification began. */
  readonly pending: number
  readonly exitCode: 0 | 3 | 4
}

/** 3 if a key is missing at a later hop, else 4 if something differs or is too many, else 0. */
export function reportOf(hops: readonly Hop[], pending: number): Report {
  const findings = hops.flatMap((hop) => hop.findings)
  const missing = findings.some(({ kind }) => kind === 'missing')
  return { hops, findings, pending, exitCode: missing ? 3 : findings.length > 0 ? 4 : 0 }
}

export function count(findings: readonly Finding[], kind: Finding['kind']): number {
  return findings.filter((finding) => finding.kind === kind).length
}
