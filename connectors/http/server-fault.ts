import type { ServerResponse } from 'node:http'

/** What the bundled server does instead of answering well. */
export type ServerFault =
  /** Answers with this status, `{"error": …}` and, if given, this Retry-After. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string | undefined }
  /** Answers 200 with exactly this body. */
  | { readonly kind: 'body'; readonly body: string }
  /** A complete response whose JSON stops in the middle. */
  | { readonly kind: 'truncated' }
  /** Closes the connection in the middle of the body. */
  | { readonly kind: 'cut' }
  /** Sends half of the body, then nothing more. */
  | { readonly kind: 'hang' }
  /** Closes the connection without answering. */
  | { readonly kind: 'reset' }
  /** Answers well after this many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answers well once this has resolved. */
  | { readonly kind: 'held'; readonly until: Promise<void> }

/** Answers with `body`, spoiled by the fault if there is one. */
export function answer(response: ServerResponse, body: string, fault: ServerFault | undefined): void {
  if (fault === undefined) send(response, 200, body)
  else if (fault.kind === 'status') refuse(response, fault.status, fault.retryAfter)
  else if (fault.kind === 'body') send(response, 200, fault.body)
  else if (fault.kind === 'truncated') send(response, 200, firstHalf(body))
  else if (fault.kind === 'reset') response.destroy()
  else if (fault.kind === 'delay') setTimeout(() => send(response, 200, body), fault.ms).unref()
  else if (fault.kind === 'held') void fault.until.then(() => send(response, 200, body))
  else sendHalf(response, body, fault.kind === 'cut')
}

/** As the real API refuses: a status and `{"error": …}`. */
export function refuse(response: ServerResponse, status: number, retryAfter?: string): void {
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
  send(response, status, JSON.stringify({ error: 'Uh oh, something has gone wrong.' }))
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(body)
}

/** Promises the whole body and sends half of it. */
function sendHalf(response: ServerResponse, body: string, close: boolean): void {
  response.writeHead(200, { 'content-length': Buffer.byteLength(body) })
  response.write(firstHalf(body), () => {
    if (close) response.destroy()
  })
}

function firstHalf(body: string): string {
  return body.slice(0, body.length / 2)
}
