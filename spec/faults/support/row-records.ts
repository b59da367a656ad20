/** Set by `npm run test:faults`: rows run in full size. */
export const faultsVariable = 'MILLRACE_FAULTS'

export const FULL = 20_000
const QUICK = 2_000

export function isFull(): boolean {
  return process.env[faultsVariable] === 'full'
}

/** How many records a row of the fault matrix works on: 20,000 in `npm run test:faults`, 2,000 in `npm test`. */
export function rowRecords(): number {
  return isFull() ? FULL : QUICK
}
