/** An answer that is no success: what went wrong, and what helps. */
export class AdminError extends Error {
  readonly status: number
  /** For programs, like `UNKNOWN_STORE`. */
  readonly code: string
  /** For people. */
  readonly cure: string
  /** What more is known: how old the answer "there is none" is. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    status: number,
    code: string,
    message: string,
    cure: string,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
    this.name = 'AdminError'
    this.status = status
    this.code = code
    this.cure = cure
    this.details = details
  }
}

/** What a client gets to see of an error. */
export function errorBody({ code, message, cure, details }: AdminError): object {
  return { error: { code, message, cure }, ...details }
}
