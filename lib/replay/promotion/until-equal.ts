import { MillraceError } from '../../errors.ts'
import { comparedSinks } from '../diff/compared-sinks.ts'
import { type AppliedSink, applyDifferences } from './apply-differences.ts'
import type { Journal, Promotion } from './journal.ts'
import { preImagesTopic, readPreImages } from './pre-images.ts'
import type { PromotionOptions } from './promotion-options.ts'

const ROUNDS = 3

/**
 * Makes the live sinks what the shadow is or, `back`, what they were before: as often as it takes, since what was written
 * is read back. Returns what the first round has done.
 */
export async function untilEqual(
  options: PromotionOptions,
  journal: Journal,
  { back = false } = {},
): Promise<readonly AppliedSink[]> {
  const { application, name, environment } = options
  const { generation } = journal.promotion as Promotion
  const applying = { environment, application, generation, journal }
  const topic = preImagesTopic(application, name)
  const instead = (sink: string) => readPreImages(environment.broker, topic, sink)
  const compared = () => comparedSinks({ ...options, clocks: true, ...(back && { instead }) })
  const first = await applyDifferences(compared(), applying)
  for (let round = 1, last = first; last.some(isWritten); round++) {
    if (round > ROUNDS) throw notEqual(last)
    last = await applyDifferences(compared(), applying)
  }
  return first
}

function isWritten({ added, changed, removed }: AppliedSink): boolean {
  return added + changed + removed > 0
}

function notEqual(sinks: readonly AppliedSink[]): MillraceError {
  const which = sinks.filter(isWritten).map(({ sink }) => sink)
  return new MillraceError(
    'INTERNAL',
    `what was written into ${which.join(', ')} is not what is read back: does anything else write there? Stop it, and run the same command again`,
  )
}
