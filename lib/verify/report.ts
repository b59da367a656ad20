import type { Finding, Findings } from './findings.ts'
import type { Mend } from './mend.ts'

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
  /** How many were found that are not listed, by kind. */
  readonly unlisted?: Readonly<Partial<Record<Finding['kind'], number>>>
}

/** One line of the report. */
export interface Hop extends Omit<Checked, 'findings' | 'unlisted'> {
  readonly missing: number
  readonly different: number
  readonly tooMany: number
}

export interface Report {
  readonly hops: readonly Hop[]
  readonly findings: readonly Finding[]
  /** Records that are there more often than they were sent: what at-least-once allows. Not in the exit code. */
  readonly duplicated?: readonly Finding[]
  /** Records not yet processed when the verification began, or that came while it ran: left out. */
  readonly pending: number
  /** With `--repair`: what was done, or would be. */
  readonly repairs?: readonly Mend[]
  readonly exitCode: 0 | 3 | 4
}

export function checkedOf(hop: string, records: number, keys: number, found: Findings): Checked {
  const { listed, counts } = found
  const unlisted = Object.entries(counts).flatMap(([kind, count]) => {
    const beyond = count - countOf(listed, kind as Finding['kind'])
    return beyond > 0 ? [[kind, beyond] as const] : []
  })
  return {
    hop,
    records,
    keys,
    duplicates: records - keys,
    findings: listed,
    ...(unlisted.length > 0 && { unlisted: Object.fromEntries(unlisted) }),
  }
}

/** 3 if a key is missing at a later hop, else 4 if something differs or is too many, else 0. */
export function reportOf(checked: readonly Checked[], pending: number): Report {
  const all = checked.flatMap((hop) => hop.findings)
  const findings = all.filter(({ kind }) => kind !== 'duplicated')
  const duplicated = all.filter(({ kind }) => kind === 'duplicated')
  return {
    hops: checked.map(lineOf),
    findings,
    ...(duplicated.length > 0 && { duplicated }),
    pending,
    exitCode: exitCodeOf(findings),
  }
}

/** What has been mended is no difference any more. */
export function withRepairs(report: Report, repairs: readonly Mend[]): Report {
  const mended = new Set(repairs.flatMap((mend) => (mend.outcome === 'mended' ? nameOf(mend) : [])))
  const left = report.findings.filter((finding) => !mended.has(nameOf(finding)))
  const listed = report.hops.reduce((sum, hop) => sum + hop.missing + hop.different + hop.tooMany, 0)
  const unlisted = listed > report.findings.length
  return { ...report, repairs, exitCode: unlisted ? report.exitCode : exitCodeOf(left) }
}

function nameOf({ hop, kind, key }: Pick<Finding, 'hop' | 'kind' | 'key'>): string {
  return `${hop} ${kind} ${key}`
}

function lineOf({ findings, unlisted = {}, ...hop }: Checked): Hop {
  const count = (kind: Finding['kind']) => countOf(findings, kind) + (unlisted[kind] ?? 0)
  return { ...hop, missing: count('missing'), different: count('different'), tooMany: count('too many') }
}

function countOf(findings: readonly Finding[], kind: Finding['kind']): number {
  return findings.filter((finding) => finding.kind === kind).length
}

export function exitCodeOf(findings: readonly Pick<Finding, 'kind'>[]): Report['exitCode'] {
  if (findings.length === 0) return 0
  return findings.some(({ kind }) => kind === 'missing') ? 3 : 4
}
