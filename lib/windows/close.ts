import type { Headers } from '../record.ts'

/**
 * Why a window was shown: `time` has passed its end and grace, and nothing more comes; or the input is `idle`, and a
 * later record may correct what was shown.
 */
export type CloseReason = 'time' | 'idle'

export interface Close {
  readonly closeReason: CloseReason
  /** 1 when the window is first shown, and one more with each correction. */
  readonly revision: number
}

/** Headers of results of windows that may be emitted on idle input. */
const REASON = 'millrace.close.reason'
const REVISION = 'millrace.close.revision'

/** A result's headers: what it says of an earlier window, where it came from, is replaced. */
export function withClose(headers: Headers, { closeReason, revision }: Close): Headers {
  return [
    ...headers.filter(([name]) => name !== REASON && name !== REVISION),
    [REASON, Buffer.from(closeReason)],
    [REVISION, Buffer.from(String(revision))],
  ]
}

/** What the headers of a window's result say of its close: `time` and 1 for windows that are not emitted when idle. */
export function closeOf({ headers }: { readonly headers: Headers }): Close {
  const text = (name: string) => headers.find(([header]) => header === name)?.[1].toString()
  return {
    closeReason: text(REASON) === 'idle' ? 'idle' : 'time',
    revision: Number(text(REVISION) ?? 1),
  }
}
