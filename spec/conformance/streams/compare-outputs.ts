import { canonical, recordText } from './canonical.ts'
import type { Comparator } from './comparators.ts'
import type { Input, Output } from './scenario.ts'

interface Outputs {
  readonly outputs: readonly Output[]
}

interface Expected extends Outputs {
  readonly inputs: readonly Input[]
}

/** What one input caused in one topic, as texts in the order emitted. */
interface Group {
  readonly after: number
  readonly topic: string
  readonly records: Emitted[]
}

interface Emitted {
  readonly key: string
  readonly text: string
}

/** The first difference by input, then topic (between topics there is no order). */
export function compareOutputs(
  expected: Expected,
  actual: Outputs,
  comparator: Comparator,
): string | undefined {
  const wanted = groups(expected.outputs)
  const came = groups(actual.outputs)
  const names = new Map([...wanted, ...came].map(([name, { after, topic }]) => [name, { after, topic }]))
  const ordered = [...names].sort(([, a], [, b]) => a.after - b.after || (a.topic < b.topic ? -1 : 1))
  for (const [name, { after, topic }] of ordered) {
    const difference = RULES[comparator](wanted.get(name)?.records ?? [], came.get(name)?.records ?? [])
    if (difference !== undefined) return `${inputText(expected.inputs, after)}, to ${topic}: ${difference}`
  }
  return undefined
}

function groups(outputs: readonly Output[]): Map<string, Group> {
  const found = new Map<string, Group>()
  for (const { after, topic, key, value, timestamp, headers } of outputs) {
    const name = canonical([after, topic])
    const group = found.get(name) ?? { after, topic, records: [] }
    const some = headers !== undefined && Object.keys(headers).length > 0 ? headers : undefined
    group.records.push({ key: canonical(key), text: recordText({ key, value, timestamp, headers: some }) })
    found.set(name, group)
  }
  return found
}

type Rule = (wanted: readonly Emitted[], came: readonly Emitted[]) => string | undefined

const RULES: Readonly<Record<Comparator, Rule>> = { exact, 'per-key': perKey, multiset }

function exact(wanted: readonly Emitted[], came: readonly Emitted[]): string | undefined {
  for (let index = 0; index < Math.max(wanted.length, came.length); index++) {
    if (wanted[index]?.text !== came[index]?.text) return difference(index, wanted[index], came[index])
  }
  return undefined
}

function perKey(wanted: readonly Emitted[], came: readonly Emitted[]): string | undefined {
  for (const key of new Set([...wanted, ...came].map((record) => record.key))) {
    const ofKey = (record: Emitted) => record.key === key
    const found = exact(wanted.filter(ofKey), came.filter(ofKey))
    if (found !== undefined) return `key ${key}, ${found}`
  }
  return undefined
}

function multiset(wanted: readonly Emitted[], came: readonly Emitted[]): string | undefined {
  const missing = without(wanted, came)
  const extra = without(came, wanted)
  if (missing.length === 0 && extra.length === 0) return undefined
  // The extra record of the same key, if there is one, is what came in its place.
  const inPlace = extra.find(({ key }) => key === missing[0]?.key) ?? extra[0]
  return difference(undefined, missing[0], inPlace)
}

/** The records of `these` that are left when each of `those` has taken one equal to it. */
function without(these: readonly Emitted[], those: readonly Emitted[]): Emitted[] {
  const left = new Map<string, number>()
  for (const { text } of those) left.set(text, (left.get(text) ?? 0) + 1)
  return these.filter(({ text }) => {
    const count = left.get(text) ?? 0
    left.set(text, count - 1)
    return count <= 0
  })
}

function difference(
  index: number | undefined,
  wanted: Emitted | undefined,
  came: Emitted | undefined,
): string {
  const place = index === undefined ? '' : `record ${index + 1}: `
  return `${place}expected ${wanted?.text ?? 'nothing'}, came ${came?.text ?? 'nothing'}`
}

function inputText(inputs: readonly Input[], after: number): string {
  const input = inputs[after]
  return input === undefined
    ? `input ${after}, which is not there`
    : `input ${after} ${recordText({ ...input })}`
}
