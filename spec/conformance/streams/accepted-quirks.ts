import { TOPOLOGY_IDS } from './comparators.ts'

/** A `quirk/` case in which millrace does not do what Kafka Streams does, and why it may. */
export interface AcceptedQuirk {
  readonly topology: string
  /** As the scenarios name it: `quirk/…`. */
  readonly case: string
  /** One line: what a user sees instead. */
  readonly reason: string
  /** The number in DECISIONS.md which says which, why, and what a user sees: `0031`. */
  readonly decision: string
}

/** All other cases must be equal. A listed one that is equal after all is reported, to be taken off. */
export const ACCEPTED_QUIRKS: readonly AcceptedQuirk[] = []

/** Undefined for every case that is not a quirk, whatever the list says. */
export function acceptedQuirk(
  accepted: readonly AcceptedQuirk[],
  scenario: { readonly topology: string; readonly case?: string | undefined },
): AcceptedQuirk | undefined {
  if (!scenario.case?.startsWith('quirk/')) return undefined
  return accepted.find((quirk) => quirk.topology === scenario.topology && quirk.case === scenario.case)
}

/** What is wrong with a list, given the text of DECISIONS.md. */
export function faultsOf(accepted: readonly AcceptedQuirk[], decisions: string): string[] {
  return accepted.flatMap((quirk, index) => {
    const { topology, case: name, reason, decision } = quirk
    const faults = [
      TOPOLOGY_IDS.includes(topology) ? [] : 'no topology has that id',
      name.startsWith('quirk/') ? [] : 'only quirk/ cases may differ',
      reason.trim() === '' ? 'a reason is missing' : [],
      decisions.includes(`## ${decision} `) ? [] : `DECISIONS.md has no ${decision}`,
      accepted.findIndex((other) => other.topology === topology && other.case === name) < index
        ? 'listed twice'
        : [],
    ]
    return faults.flat().map((fault) => `${topology} ${name}: ${fault}`)
  })
}
