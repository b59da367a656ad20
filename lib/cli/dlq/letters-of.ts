import { existsSync } from 'node:fs'
import { usersRawCapture } from '../../../topologies/users-raw.ts'
import { MillraceError } from '../../errors.ts'
import type { Topology } from '../../topology/nodes.ts'
import { loadTopology } from '../topology-file.ts'

/** A topic of dead letters, and what wrote them, as far as it is known. */
export type LettersOf =
  | { readonly kind: 'topology'; readonly topic: string; readonly topology: Topology }
  | { readonly kind: 'capture'; readonly topic: string }
  | { readonly kind: 'topic'; readonly topic: string }

export const WHOSE = 'topology file, or a topic of dead letters such as users.raw.dlq'

/** By a topology file, or by the topic's name. @throws MillraceError `CONFIG` for what is neither. */
export async function lettersOfArgument(said: string): Promise<LettersOf> {
  if (said === usersRawCapture.deadLetterTopic) return { kind: 'capture', topic: said }
  if (existsSync(said) || /\.[mc]?[jt]s$/.test(said)) {
    const topology = await loadTopology(said)
    return { kind: 'topology', topic: topology.deadLetters.topic, topology }
  }
  if (/^[\w.-]+$/.test(said)) return { kind: 'topic', topic: said }
  throw new MillraceError('CONFIG', `"${said}" is neither a file nor the name of a topic: give a ${WHOSE}`)
}
