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
