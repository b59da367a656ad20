import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'

/** What the promise rejects with, which must be our error. */
export async function failureOf(work: Promise<unknown>): Promise<MillraceError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  expect(error).to.be.instanceOf(MillraceError)
  return error as MillraceError
}
