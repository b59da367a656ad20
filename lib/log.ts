/** What millrace logs to; a pino logger fits. Fields never hold keys or values of records. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const nothing = () => {}

export const SILENT: Logger = Object.freeze({ debug: nothing, info: nothing, warn: nothing, error: nothing })

/** Lets through one call per interval, so that a server that is away for an hour leaves a few lines. */
export function atMostEvery(milliseconds: number, now: () => number = Date.now): (log: () => void) => void {
  let last = Number.NEGATIVE_INFINITY
  return (log) => {
    if (now() - last < milliseconds) return
    last = now()
    log()
  }
}
