import type { Position } from '../record.ts'

/** How far a state is in the inputs of its task: saved with it, by topic. */
type Saved = Readonly<Record<string, string>>

const PREFIX = 'position/'

/** The offset behind the newest record that the state covers; 0 where it covers none. */
export function savedPosition(saved: Saved, topic: string): number {
  return Number(saved[PREFIX + topic] ?? 0)
}

/** What was saved, gone on to these positions. */
export function withPositions(
  saved: Saved,
  positions: Iterable<Pick<Position, 'topic' | 'offset'>>,
): Record<string, string> {
  const all = Object.fromEntries(Object.entries(saved).filter(([name]) => name.startsWith(PREFIX)))
  for (const { topic, offset } of positions) all[PREFIX + topic] = String(offset)
  return all
}
