import { messageOf } from '../../../lib/errors.ts'
import { type AcceptedQuirk, acceptedQuirk } from './accepted-quirks.ts'
import { comparatorOf } from './comparators.ts'
import { compare } from './compare.ts'
import type { Outcome } from './outcome.ts'
import type { ScenarioFile } from './read-scenarios.ts'
import type { Answer } from './scenario.ts'

export interface Judging {
  readonly accepted: readonly AcceptedQuirk[]
  /** Whether a file without outputs or stores is a question that may stay uncompared. */
  readonly questions: boolean
}

/** Has one file answered, and compares. */
export async function judge(
  file: ScenarioFile,
  answer: () => Promise<Answer>,
  judging: Judging,
): Promise<Outcome> {
  const { inputs, outputs, stores, topology } = file.scenario
  const failed = (difference: string): Outcome => ({ file, kind: 'failed', difference })
  const comparable = outputs !== undefined && stores !== undefined
  if (!comparable && !judging.questions)
    return failed('no outputs or no stores to compare with (--write answers it)')
  let actual: Answer
  try {
    actual = await answer()
  } catch (error) {
    return failed(`no answer: ${messageOf(error)}`)
  }
  if (!comparable) return { file, kind: 'answered' }
  const accepted = acceptedQuirk(judging.accepted, file.scenario)
  const difference = compare({ inputs, outputs, stores }, actual, comparatorOf(topology))
  if (difference === undefined) return { file, kind: 'passed', ...(accepted && { listed: accepted }) }
  return accepted === undefined ? failed(difference) : { file, kind: 'quirk', difference, accepted }
}
