import type { BrokerPlace } from '../../support/broker-place.ts'

export interface MemberOptions {
  readonly run: string
  readonly place: BrokerPlace
  readonly stateDir: string
  readonly standbys: number
}

/** What a member says of itself, as it happens. */
export interface Said {
  /** The tasks of a new assignment; they are about to run. */
  readonly assigned?: { readonly active: readonly string[]; readonly standbys: readonly string[] }
  /** A task's state is there: of which checkpoint it was before, and how many records were read. */
  readonly restored?: Restored
  readonly written?: number
  /** Records of changelogs that its standbys have yet to read; undefined as long as that is not known. */
  readonly lag?: number | undefined
  readonly failed?: string
}

export interface Restored {
  readonly task: string
  readonly checkpoint: number
  readonly entries: number
}
