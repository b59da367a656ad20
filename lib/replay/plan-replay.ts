import { MillraceError } from '../errors.ts'
import type { Environment } from '../runtime/environment.ts'
import { sourceTopics } from '../runtime/input-topics.ts'
import { checkName } from '../topology/check-name.ts'
import type { TimeRange } from '../topology/keyed-nodes.ts'
import type { Topology } from '../topology/nodes.ts'
import type { Bound } from './bound.ts'
import { progressOf, topicsBetween } from './progress.ts'
import { requireNeverPromoted } from './promotion/require-not-promoted.ts'
import { type ReplayRange, rangesBetween } from './range.ts'
import { replayApplication } from './replay.ts'
import { type ReplayRecord, readReplays } from './replay-record.ts'
import { withoutReadBack } from './replayed-topology.ts'
import { shadowOf } from './shadow.ts'
import { type Span, spanOf } from './time-span.ts'

export interface ReplayRequest {
  readonly topology: Topology
  readonly application: string
  readonly environment: Environment
  readonly from: Bound
  readonly to: Bound
  /** All that makes it another replay when it is said otherwise, as one text. */
  readonly request: string
  /** Undefined: a new one, or the one that the same request has begun. */
  readonly name?: string | undefined
  readonly into: boolean
}

export interface ReplayPlan {
  readonly name: string
  /** Consumer group, state and internal topics. */
  readonly application: string
  readonly record: ReplayRecord
  /** What of it an earlier process has done; undefined for a new one. */
  readonly resumes: { readonly done: number; readonly total: number } | undefined
  /** By how much the asked range was widened, so that windows are whole. Milliseconds. */
  readonly widened: Span | undefined
}

/**
 * What a replay would read, or go on with. Changes nothing.
 *
 * @throws MillraceError `DATA_LOSS` for steps whose state needs more than a range, and into a shadow that was promoted.
 */
export async function planReplay(said: ReplayRequest): Promise<ReplayPlan> {
  const { application, environment, request, into } = said
  const known = await readReplays(environment, application)
  const begun = known.find(({ name, value }) => {
    return value.state !== 'done' && value.request === request && (said.name ?? name) === name
  })
  const name = begun?.name ?? said.name ?? nextName(known.map((one) => one.name))
  const own = replayApplication(application, name, into)
  checkName('replay', own)
  if (into) await requireNeverPromoted({ application, name, environment })
  if (begun !== undefined) {
    const meant = into ? shadowOf(said.topology, name) : withoutReadBack(said.topology)
    const resumes = await progressOf(environment, own, begun.value, topicsBetween(meant, own))
    return { name, application: own, record: begun.value, resumes, widened: undefined }
  }
  const other = known.find((one) => one.name === name)
  if (other === undefined) {
    return { name, application: own, resumes: undefined, ...(await newRecord(said)) }
  }
  if (other.value.state !== 'done' || !into) throw taken(name, other.value, into)
  return { name, application: own, resumes: undefined, ...(await further(said, own, other.value)) }
}

/** A shadow that is done goes on from where it is: its state covers what it has read. */
async function further({ environment, to, request }: ReplayRequest, own: string, done: ReplayRecord) {
  const { broker } = environment
  const topics = [...new Set(done.begin.map(({ topic }) => topic))]
  const ends = await rangesBetween(broker, topics, { how: 'earliest' }, to)
  const committed = await broker.admin.committed(own, topics)
  const at = new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  const ranges = ends.flatMap((range) => {
    const from = at.get(`${range.topic}/${range.partition}`) ?? range.from
    return range.to > from ? [{ ...range, from }] : []
  })
  const begin = done.begin.map((one) => ({
    ...one,
    offset: at.get(`${one.topic}/${one.partition}`) ?? one.offset,
  }))
  const record: ReplayRecord = { request, ranges, begin, state: 'begun', since: done.since }
  return { record, widened: undefined }
}

async function newRecord({ topology, application, environment, from, to, request, into }: ReplayRequest) {
  const { broker } = environment
  const read = into ? topology : withoutReadBack(topology)
  const tables = new Set(read.nodes.flatMap((node) => (node.kind === 'table' ? [node.topic.name] : [])))
  const topics = sourceTopics(read, application)
  const widened = into || from.how === 'earliest' ? undefined : widenedBy(read, from, to)
  const [first, last] = [earlier(from, widened?.before), later(to, widened?.after)]
  const sources = topics.filter((topic) => !tables.has(topic))
  const ranges: readonly ReplayRange[] = [
    ...(await rangesBetween(broker, sources, first, last)),
    ...(await rangesBetween(broker, topics.filter(isOneOf(tables)), { how: 'earliest' }, last)),
  ]
  const record: ReplayRecord = {
    request,
    ranges,
    begin: await beginOf(environment, topics, ranges),
    ...(widened && { shown: shownOf(from, to) }),
    state: 'prepared',
    since: new Date().toISOString(),
  }
  return { record, widened }
}

/** Undefined where nothing needs more than the range. */
function widenedBy(topology: Topology, from: Bound, to: Bound): Span | undefined {
  const span = spanOf(topology)
  if (span.before === 0 && span.after === 0) return undefined
  if (from.how !== 'offset' && to.how !== 'offset') return span
  throw new MillraceError(
    'DATA_LOSS',
    'windows and joins need whole times: say --from and --to as times, earliest or latest, or replay --into a shadow of its own',
  )
}

function shownOf(from: Bound, to: Bound): TimeRange {
  return {
    from: from.how === 'time' ? from.timestamp : 0,
    to: to.how === 'time' ? to.timestamp : Number.MAX_SAFE_INTEGER,
  }
}

function earlier(bound: Bound, by = 0): Bound {
  return bound.how === 'time' ? { how: 'time', timestamp: bound.timestamp - by } : bound
}

function later(bound: Bound, by = 0): Bound {
  return bound.how === 'time' ? { how: 'time', timestamp: bound.timestamp + by } : bound
}

/** Where every partition begins, also those in which there is nothing. */
async function beginOf({ broker }: Environment, topics: readonly string[], ranges: readonly ReplayRange[]) {
  const from = new Map(ranges.map((range) => [`${range.topic}/${range.partition}`, range.from]))
  const begin: { topic: string; partition: number; offset: number }[] = []
  for (const topic of topics) {
    for (const { partition, earliest } of await broker.admin.offsets(topic)) {
      begin.push({ topic, partition, offset: from.get(`${topic}/${partition}`) ?? earliest })
    }
  }
  return begin
}

function isOneOf(names: ReadonlySet<string>) {
  return (name: string): boolean => names.has(name)
}

function nextName(taken: readonly string[]): string {
  for (let number = 1; ; number++) if (!taken.includes(`r${number}`)) return `r${number}`
}

function taken(name: string, { state, request }: ReplayRecord, into: boolean): MillraceError {
  const cure = into ? `\`millrace replay clean ${name} FILE\` removes it` : 'choose another --name'
  const what = state === 'done' ? 'is done' : `was begun as: ${request}`
  return new MillraceError('CONFIG', `replay "${name}" ${what}; ${cure}`)
}
