/** What `plan --json` says of one thing. */
export interface PlanEntry {
  readonly kind: string
  readonly name: string
  readonly state: 'present' | 'missing' | { readonly differs: string }
  readonly cure?: string
  readonly breaks?: boolean
}
