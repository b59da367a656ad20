import { RedrivenLetters } from '../deployed/redriven-letters.ts'
import { MillraceError } from '../errors.ts'
import { fingerprintOf } from './fingerprint.ts'
import { lettersOf, rangesOfLetters } from './read-letters.ts'
import type { RedriveOptions } from './redrive-options.ts'
import { type Selection, Sifter } from './sift.ts'

export interface RedrivePlan {
  readonly topic: string
  readonly selected: number
  readonly due: number
  /** What is due, by where it comes in. */
  readonly ways: Readonly<Record<string, number>>
  /** What is left as it is because it is done, by why. */
  readonly done: Readonly<Record<string, number>>
  /** What is left though it is not done, by why. */
  readonly left: Readonly<Record<string, number>>
  /** Fingerprints of what is due. */
  readonly groups: Readonly<Record<string, number>>
}

/** What a redrive would do; changes nothing. */
export async function planRedrive(options: RedriveOptions): Promise<RedrivePlan> {
  const { broker, topic, reEntry } = options
  const redriven = await RedrivenLetters.read(broker, topic)
  const sifter = new Sifter({ ...options, redriven })
  const tallies = { ways: {}, done: {}, left: {}, groups: {} } as Record<string, Record<string, number>>
  const add = (tally: string, what: string) => {
    tallies[tally]![what] = (tallies[tally]![what] ?? 0) + 1
  }
  let selected = 0
  let due = 0
  for await (const page of lettersOf(broker, await rangesOfLetters(broker, topic))) {
    for (const letter of page) {
      const verdict = await sifter.sift(letter)
      if (verdict.kind === 'other') continue
      selected++
      if (verdict.kind === 'done' || verdict.kind === 'twin') add('done', verdict.why)
      else if (verdict.kind !== 'due') add('left', verdict.why)
      else {
        due++
        add('ways', reEntry.way(letter))
        add('groups', fingerprintOf(letter))
      }
    }
  }
  const { ways, done, left, groups } = tallies as unknown as Pick<
    RedrivePlan,
    'ways' | 'done' | 'left' | 'groups'
  >
  return { topic, selected, due, ways, done, left, groups }
}

/** @throws MillraceError `CONFIG` for a selection that names no letter. */
export function requireSelected({ selected, topic }: RedrivePlan, selection: Selection): void {
  if (selected > 0 || selection.how === 'all') return
  const what =
    selection.how === 'group'
      ? `group ${selection.fingerprint}`
      : `${selection.partition}/${selection.offset}`
  throw new MillraceError(
    'CONFIG',
    `no dead letter of ${topic} is of ${what}: \`millrace dlq ls\` lists groups`,
  )
}
