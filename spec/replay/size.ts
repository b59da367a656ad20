/** Set by `npm run test:replay`: what the issue asks for in full size, and not in that of `npm test`. */
export const replaySize = { variable: 'MILLRACE_REPLAY', full: 'full' } as const

export function isFull(): boolean {
  return process.env[replaySize.variable] === replaySize.full
}
