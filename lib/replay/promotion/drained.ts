import { setTimeout as delay } from 'node:timers/promises'
import { readPublished } from '../../deployed/published.ts'
import type { Position } from '../../record.ts'
import { endsOf } from '../../runtime/caught-up.ts'
import type { Environment } from '../../runtime/environment.ts'
import { inputTopics, sourceTopics } from '../../runtime/input-topics.ts'
import type { Topology } from '../../topology/nodes.ts'

const LOOK_EVERY_MS = 500

export interface Draining {
  readonly topology: Topology
  /** The live one. */
  readonly application: string
  /** What it runs as. */
  readonly group: string
  readonly environment: Environment
  /** Is told what is waited for, whenever that changes. */
  readonly waiting: (what: string) => void
}

/**
 * Resolves when nobody is in the group any more and all that it had written for itself has been read, with the positions
 * of the sources: P. As long as workers obey the order, or die, that comes by itself.
 */
export async function drained(draining: Draining): Promise<readonly Position[]> {
  const { topology, group, environment, waiting } = draining
  const { admin } = environment.broker
  let told: string | undefined
  let before: string | undefined
  for (;;) {
    const what = await left(draining)
    const positions = await admin.committed(group, sourceTopics(topology, group))
    // Twice the same: what a transaction has written is shown some moments after its positions.
    const now = what === undefined ? JSON.stringify(positions) : undefined
    if (now !== undefined && now === before) return positions
    before = now
    if (what !== undefined && what !== told) waiting(what)
    told = what
    await delay(LOOK_EVERY_MS)
  }
}

/** What is still to be done. */
async function left(draining: Draining): Promise<string | undefined> {
  const { group, environment } = draining
  const { admin, upkeep } = environment.broker
  const members = await upkeep.members(group)
  if (members.length > 0) {
    const who = [...new Set(members.map(({ host }) => host))].join(', ')
    return `workers of "${group}" to finish what is in hand: ${members.length} (on ${who})`
  }
  const own = await ownTopics(draining)
  const ends = own.length === 0 ? new Map<string, number>() : await endsOf(admin, own)
  const at = new Map<string, number>()
  for (const { topic, partition, offset } of own.length === 0 ? [] : await admin.committed(group, own)) {
    at.set(`${topic}/${partition}`, offset)
  }
  const behind = [...ends].reduce((sum, [place, end]) => sum + Math.max(0, end - (at.get(place) ?? 0)), 0)
  if (behind === 0) return undefined
  return `${behind} records in topics of "${group}" itself, which no worker reads: \`millrace run\` the version that was live, with --drain`
}

/** Those that it has said itself, if it has run, and those of the file; its changelogs are read by nobody. */
async function ownTopics({ topology, application, group, environment }: Draining): Promise<string[]> {
  const { broker } = environment
  const published = await readPublished(broker, application)
  const { own, written } = inputTopics(topology, group)
  const said = (published?.internalTopics ?? []).filter(
    (topic) => topic.startsWith(`${group}-`) && !topic.endsWith('-changelog'),
  )
  const there = await broker.admin.topics([...new Set([...said, ...own, ...written])])
  return there.map(({ topic }) => topic)
}

export function placesText(positions: readonly Position[]): string {
  if (positions.length === 0) return 'its beginning'
  return positions
    .map(({ topic, partition, offset }) => `${topic}/${partition} ${offset}`)
    .sort()
    .join(', ')
}
