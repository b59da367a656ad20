import { deployedAs } from '../../deployed/application.ts'
import type { Topology } from '../../topology/nodes.ts'
import { shadowApplication, sinkName } from '../shadow.ts'
import type { ComparedSink, Difference } from './compared-sink.ts'
import { comparedSinks, type DiffOptions } from './compared-sinks.ts'
import { type Kind, kindOf, type ShownDifference, shownDifference } from './shown-difference.ts'
import { type Showing, shownIn } from './shown-values.ts'
import { type Standing, standings } from './standing.ts'

export interface DiffReportOptions extends DiffOptions, Showing {
  /** Examples of each kind of difference, of each sink. */
  readonly examples: number
  /** Fields that may differ; how many rows differ in these alone is said. */
  readonly ignored: readonly string[]
  /** Given every difference, as it is found. */
  readonly each?: (difference: ShownDifference) => Promise<void> | void
  /** A sink is about to be read. */
  readonly begun?: (sink: string) => void
}

export interface SinkReport {
  /** As the live one is called. */
  readonly sink: string
  /** Keys on each side. */
  readonly live: number
  readonly shadow: number
  readonly same: number
  readonly added: number
  readonly missing: number
  readonly changed: number
  /** How many keys differ in a field, of those that changed. */
  readonly fields: Readonly<Record<string, number>>
  /** Keys that differ in ignored fields alone. */
  readonly ignored: number
  /** Records whose key can't be read. */
  readonly unreadable: number
  /** Whether there is no live one. */
  readonly isNew: boolean
  readonly examples: readonly ShownDifference[]
}

export interface DiffReport {
  readonly application: string
  readonly shadow: string
  readonly standings: readonly Standing[]
  readonly sinks: readonly SinkReport[]
  readonly ignored: readonly string[]
  readonly exitCode: 0 | 4
}

export async function diffReport(options: DiffReportOptions): Promise<DiffReport> {
  const { topology, application, name, ignored } = options
  const found: SinkReport[] = []
  const { runsAs } = await deployedAs(options.environment.broker, application)
  const where = await standings(options, runsAs)
  for await (const sink of comparedSinks(options)) {
    options.begun?.(sinkName(sink.node))
    found.push(await sinkReport(sink, topology, options))
  }
  const equal = found.every(({ added, missing, changed }) => added + missing + changed === 0)
  return {
    application,
    shadow: shadowApplication(application, name),
    standings: where,
    sinks: found,
    ignored,
    exitCode: equal ? 0 : 4,
  }
}

async function sinkReport(
  sink: ComparedSink,
  topology: Topology,
  options: DiffReportOptions,
): Promise<SinkReport> {
  const shown = shownIn(sink.node, topology, options)
  const kinds: Record<Kind, number> = { added: 0, missing: 0, changed: 0 }
  const fields = new Map<string, number>()
  const examples: ShownDifference[] = []
  let inIgnoredOnly = 0
  for await (const difference of sink.differences()) {
    const counted = difference.fields.filter((field) => !options.ignored.includes(field))
    const kind = kindOf(difference)
    if (kind === 'changed' && counted.length === 0) {
      inIgnoredOnly++
      continue
    }
    for (const field of counted) fields.set(field, (fields.get(field) ?? 0) + 1)
    kinds[kind]++
    await note(difference, counted, kinds[kind])
  }
  const { live, shadow, same } = sink.counts
  return {
    sink: sinkName(sink.node),
    live,
    shadow,
    same,
    ...kinds,
    fields: Object.fromEntries([...fields].sort(([, one], [, other]) => other - one)),
    ignored: inIgnoredOnly,
    unreadable: sink.unreadable,
    isNew: sink.isNew,
    examples,
  }

  async function note(difference: Difference, counted: readonly string[], nth: number): Promise<void> {
    if (nth > options.examples && options.each === undefined) return
    const one = shownDifference(difference, counted, shown)
    if (nth <= options.examples) examples.push(one)
    await options.each?.(one)
  }
}
