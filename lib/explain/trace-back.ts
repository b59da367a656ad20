import { letterOf, placeOf } from '../dead-letters/letter.ts'
import { originalOf } from '../dead-letters/original.ts'
import { MillraceError, place } from '../errors.ts'
import type { Position, RawRecord } from '../record.ts'
import type { Environment } from '../runtime/environment.ts'
import { serdesOf } from '../runtime/open.ts'
import { isTopic, type Topology } from '../topology/nodes.ts'
import { recordAt } from './find-record.ts'

/** A record that a topology reads, and how it was come by. */
export interface Traced {
  readonly record: RawRecord
  /** The records asked for and passed, as `topic/partition/offset`: the record's own place last. */
  readonly path: readonly string[]
}

const LINEAGE = /^(.+)\/(\d+)\/(\d+)$/

/**
 * From a dead letter, or a record of a sink topic whose value has its lineage in a field `source`, back to the record of
 * a source that it came from.
 *
 * @throws MillraceError `MISSING` for what is not there any more, `CONFIG` for what does not say where it came from.
 */
export async function traceBack(topology: Topology, environment: Environment, at: Position): Promise<Traced> {
  const { broker } = environment
  const record = await recordAt(broker, at)
  const path = [place(at)]
  if (readsFrom(topology, at.topic)) return { record, path }
  if (at.topic === topology.deadLetters.topic) {
    const letter = letterOf(record)
    const original = letter && (await originalOf(broker, letter))
    if (original !== undefined) return { record: original, path: [...path, place(original)] }
    throw new MillraceError(
      'MISSING',
      `what ${place(at)} was made of${letter ? ` (${placeOf(letter.origin)})` : ''} is no record that can be read`,
    )
  }
  const origin = originOf(await contentOf(topology, environment, record))
  if (origin !== undefined && readsFrom(topology, origin.topic))
    return { record: await recordAt(broker, origin), path: [...path, place(origin)] }
  throw new MillraceError(
    'CONFIG',
    `topology "${topology.name}" does not read ${at.topic}, and its record has no lineage (a field "source" like topic/0/12) to trace it back by: explain a record of ${sourcesOf(topology).join(', ')}`,
  )
}

function sourcesOf({ nodes }: Topology): string[] {
  return nodes.flatMap((node) => (node.kind === 'source' || node.kind === 'table' ? [node.topic.name] : []))
}

function readsFrom(topology: Topology, topic: string): boolean {
  return sourcesOf(topology).includes(topic)
}

async function contentOf({ nodes }: Topology, environment: Environment, record: RawRecord): Promise<unknown> {
  const sink = nodes.find(
    (node) => node.kind === 'sink' && isTopic(node.target) && node.target.name === record.topic,
  )
  if (sink?.kind !== 'sink' || !isTopic(sink.target) || record.value === null) return undefined
  const { value } = serdesOf(sink.target, environment)
  await value.ready?.([record.value])
  return value.decode(record.value)
}

function originOf(value: unknown): Position | undefined {
  const said = typeof value === 'object' && value !== null && 'source' in value ? String(value.source) : ''
  const [, topic, partition, offset] = LINEAGE.exec(said) ?? []
  return topic === undefined ? undefined : { topic, partition: Number(partition), offset: Number(offset) }
}
