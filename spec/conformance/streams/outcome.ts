import type { AcceptedQuirk } from './accepted-quirks.ts'
import type { ScenarioFile } from './read-scenarios.ts'

/** What became of one scenario file. */
export type Outcome = { readonly file: ScenarioFile } & (
  | { readonly kind: 'passed' /** Equal, though listed as different. */; readonly listed?: AcceptedQuirk }
  | { readonly kind: 'failed'; readonly difference: string }
  /** Different, and listed with the reason. */
  | { readonly kind: 'quirk'; readonly difference: string; readonly accepted: AcceptedQuirk }
  /** Written; the file had nothing to compare with. */
  | { readonly kind: 'answered' }
  /** Of a topology that was not run. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not on the broker' }
)

export type OutcomeOf<Kind extends Outcome['kind']> = Extract<Outcome, { readonly kind: Kind }>

export function ofKind<Kind extends Outcome['kind']>(
  outcomes: readonly Outcome[],
  kind: Kind,
): OutcomeOf<Kind>[] {
  return outcomes.filter((outcome): outcome is OutcomeOf<Kind> => outcome.kind === kind)
}
