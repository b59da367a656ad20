import { MillraceError } from '../../lib/errors.ts'

/** The MillraceError that a call must end with. */
export function failureOf(call: () => unknown): MillraceError {
  try {
    call()
  } catch (error) {
    if (error instanceof MillraceError) return error
    throw error
  }
  throw new Error('expected it to throw')
}

export async function rejectionOf(promise: Promise<unknown>): Promise<MillraceError> {
  const error = await promise.then(
    () => new Error('expected it to reject'),
    (reason: unknown) => reason,
  )
  if (error instanceof MillraceError) return error
  throw error
}
