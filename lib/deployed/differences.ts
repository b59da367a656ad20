import type { StepDescription } from '../topology/describe.ts'
import type { Published } from './published.ts'
import { fingerprintText } from './step-shape.ts'

/** Something that the code says otherwise than what is deployed. */
export interface Difference {
  readonly kind: 'step' | 'store' | 'guarantee' | 'topic' | 'internal topic'
  readonly name: string
  readonly differs: string
  readonly cure: string
  /** Whether going on with it would lose something, or break. */
  readonly breaks: boolean
}

/** Between what runs, or ran last, and what the code says now. */
export function differencesOf(deployed: Published, code: Published): Difference[] {
  return [
    ...stepDifferences(deployed, code),
    ...storeDifferences(deployed, code),
    ...guaranteeDifference(deployed, code),
  ]
}

function stepDifferences(deployed: Published, code: Published): Difference[] {
  const [was, is] = [stepsOf(deployed), stepsOf(code)]
  const removed = [...was.values()].filter(({ name }) => !is.has(name))
  const added = [...is.values()].filter(({ name }) => !was.has(name))
  const renamed = pairsOf(removed, added)
  const cure = 'nothing to do: the next run does so'
  const said = (name: string, differs: string): Difference => ({
    ...{ kind: 'step', name, differs, cure },
    breaks: false,
  })
  return [
    ...[...renamed].map(([before, now]) =>
      said(now.name, `is new, and was "${before.name}" before, it seems`),
    ),
    ...added.filter((step) => ![...renamed.values()].includes(step)).map(({ name }) => said(name, 'is new')),
    ...removed.filter((step) => !renamed.has(step)).map(({ name }) => said(name, 'is in the code no more')),
    ...[...is.values()].flatMap((step) => {
      const before = was.get(step.name)
      if (before === undefined || (before.kind === step.kind && before.detail === step.detail)) return []
      const text = ({ kind, detail }: StepDescription) => (detail === '' ? kind : `${kind} (${detail})`)
      return [said(step.name, `was ${text(before)}, is ${text(step)}`)]
    }),
  ]
}

/** Of a kind, at the same place: the same neighbours on one side at least. */
function pairsOf(removed: readonly StepDescription[], added: readonly StepDescription[]) {
  const pairs = new Map<StepDescription, StepDescription>()
  const free = new Set(added)
  for (const before of removed) {
    const now = [...free].find(
      (step) => fingerprintText(step) === fingerprintText(before) && adjacent(step, before),
    )
    if (now === undefined) continue
    free.delete(now)
    pairs.set(before, now)
  }
  return pairs
}

function adjacent(one: StepDescription, other: StepDescription): boolean {
  const same = (side: 'predecessors' | 'successors') => String(one[side]) === String(other[side])
  return same('predecessors') || same('successors')
}

/** A store is found by its name: under another one it begins empty. */
function storeDifferences(deployed: Published, code: Published): Difference[] {
  const kept = new Set(code.stores.map(({ name }) => name))
  return deployed.stores
    .filter(({ name }) => !kept.has(name))
    .map(({ name, step }) => ({
      kind: 'store',
      name,
      differs: `of step "${step}" is in the code no more: what it holds is lost to the new version`,
      cure: `keep the name "${step}"; or, where a new beginning is meant, build it up again from the input by \`millrace replay FILE --into NAME\``,
      breaks: true,
    }))
}

function guaranteeDifference(deployed: Published, code: Published): Difference[] {
  if (deployed.guarantee === code.guarantee) return []
  return [
    {
      kind: 'guarantee',
      name: code.description.name,
      differs: `was ${deployed.guarantee}, is ${code.guarantee}`,
      cure: 'stop all its workers, then start them with the new code',
      breaks: false,
    },
  ]
}

function stepsOf({ description }: Published): Map<string, StepDescription> {
  const { subTopologies, globalTables } = description
  const all = [...subTopologies.flatMap(({ steps }) => steps), ...globalTables]
  return new Map(all.map((step) => [step.name, step]))
}
