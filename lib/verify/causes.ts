import type { RowRepair } from '../ports.ts'
import type { Environment } from '../runtime/environment.ts'
import type { TableTarget } from '../table/table.ts'
import { writeClock } from '../table/write-clock.ts'
import { isTopic, type SinkNode } from '../topology/nodes.ts'
import { keyValues } from './columns.ts'
import { type Finding, Findings, type Found } from './findings.ts'
import type { Flow } from './recompute.ts'
import { repairOf } from './repair-of.ts'

/** Of so many findings of a hop the row is looked at, to tell when it was written. */
const LOOKED_AT = 1000

const REPAIR = 'millrace verify --repair'

interface Cause {
  readonly cause: string
  readonly cure: string
}

/** Findings of a sink, with their most likely causes. */
export async function explainSink(
  flow: Flow,
  node: SinkNode,
  environment: Environment,
  found: Findings<Found>,
): Promise<Findings> {
  const { broker } = environment
  const gone = await gonePart(environment, flow.topic)
  const repair = isTopic(node.target) ? undefined : await repairOf(flow, node, environment)
  const lost = isTopic(node.target) && (await broker.admin.offsets(node.target.name)).some(begunLater)
  const causeOf = (finding: Found, index: number): Promise<Cause> | Cause =>
    repair === undefined
      ? recordCause(finding, { gone, lost, source: flow.topic })
      : rowCause(finding, node.target as TableTarget, index < LOOKED_AT ? repair : undefined, gone)
  return explained(found, flow.topic, causeOf)
}

/** Dead letters: named by the record that was refused. */
export function explainLetters(found: Findings<Found>): Promise<Findings> {
  return explained(found, undefined, ({ kind }) => LETTERS[kind])
}

const LETTERS: Readonly<Record<Finding['kind'], Cause>> = {
  missing: {
    cause:
      'the topology refuses this record now, and did not when it was processed; or the letter has been deleted',
    cure: 'millrace explain says what becomes of the record; a replay of it writes the letter',
  },
  different: {
    cause: 'somebody else has written it',
    cure: 'none needed: the record itself is in its topic',
  },
  'too many': {
    cause:
      'the topology does not refuse this record now: it was refused by another version of it, by a look-up or by a sink',
    cure: 'millrace dlq redrive',
  },
  duplicated: {
    cause: 'written again after a crash (at-least-once), by a replay or after a reset',
    cure: 'none needed: it is one record',
  },
}

interface Topics {
  /** What the source does not hold any more, in words. */
  readonly gone: string | undefined
  /** Whether the sink's topic has let go of records. */
  readonly lost: boolean
  readonly source: string
}

function recordCause({ kind, columns }: Found, { gone, lost, source }: Topics): Cause {
  if (kind === 'missing') {
    const cause = lost
      ? 'it has expired from the topic, or was deleted there'
      : `its input was processed, and nothing was written: positions were moved beyond it, or ${source} was read by another version`
    return { cause, cure: REPAIR }
  }
  if (kind === 'different') {
    return {
      cause: `somebody else has written a later record for this key, or another version of the topology has computed ${columns!.join(', ')}`,
      cure: 'a replay of its record writes it again: millrace replay',
    }
  }
  if (kind === 'duplicated') {
    return {
      cause: 'written again after a crash (at-least-once), by a replay or after a reset',
      cure: 'none needed: readers take the newest of a key',
    }
  }
  return gone === undefined
    ? { cause: 'a record nobody sent: none leads to it', cure: 'none: a topic keeps what was written to it' }
    : { cause: `its record is one that ${gone}, or nobody sent it`, cure: 'none needed if it is the former' }
}

async function rowCause(
  { kind, key, clock = 0, columns }: Found,
  target: TableTarget,
  repair: RowRepair | undefined,
  gone: string | undefined,
): Promise<Cause> {
  if (kind === 'missing') {
    return { cause: 'the row was written, and deleted behind us; or it has expired', cure: REPAIR }
  }
  const values = repair && keyValues(target, key)
  const written = values && (await repair.readRow(values)).clock
  const when = written == null ? '' : ` at ${new Date(written / 1000).toISOString()}`
  if (kind === 'too many') {
    return gone === undefined
      ? { cause: `a row nobody sent, written${when} by somebody else`, cure: REPAIR }
      : {
          cause: `its record is one that ${gone}, or a row nobody sent; written${when}`,
          cure: 'delete it by hand if it should not be there',
        }
  }
  const natural = written == null ? undefined : writeClock(clock, repair!.generation)
  const cells = columns!.length === 1 ? 'a cell' : 'cells'
  if (natural === undefined || natural === written) {
    return {
      cause: `${cells} changed or deleted behind us; or another version of the topology or of its look-ups has computed it`,
      cure: REPAIR,
    }
  }
  return written! > natural
    ? { cause: `${cells} changed behind us${when}, after the record's own time`, cure: REPAIR }
    : { cause: `the row is of an older record${when}: the write of the newest is not there`, cure: REPAIR }
}

async function explained(
  found: Findings<Found>,
  source: string | undefined,
  causeOf: (finding: Found, index: number) => Promise<Cause> | Cause,
): Promise<Findings> {
  const all = new Findings(found.counts)
  for (const [index, finding] of found.listed.entries()) {
    const { hop, key, kind, columns, at } = finding
    const { cause, cure } = await causeOf(finding, index)
    // What is too many is itself at fault, not what leads to it.
    const topic = kind === 'too many' ? hop : source
    const record = at && topic !== undefined ? `${topic}/${at.partition}/${at.offset}` : undefined
    all.listed.push({ hop, key, kind, ...(columns && { columns }), cause, cure, ...(record && { record }) })
  }
  return all
}

/** What a topic has held and does not any more, in words; undefined if it holds all it ever has. */
export async function gonePart({ broker }: Environment, topic: string): Promise<string | undefined> {
  const later = (await broker.admin.offsets(topic)).filter(begunLater)
  if (later.length === 0) return undefined
  const places = later.map(({ partition, earliest }) => `${topic}/${partition} before ${earliest}`)
  return `has expired or was deleted (${places.join(', ')})`
}

function begunLater({ earliest }: { readonly earliest: number }): boolean {
  return earliest > 0
}
