import type { StepDescription } from '../topology/describe.ts'

/** What a step is but for names that follow from its own. */
export function fingerprintText({ kind, name, detail }: StepDescription): string {
  return `${kind} ${detail.replaceAll(name, '')}`
}
