import { Command } from 'commander'
import { type Database, openDatabase } from '../../connectors/postgres/connection.ts'
import userInsights from '../../topologies/user-insights.ts'
import { usersRaw } from '../../topologies/users-raw.ts'
import type { Contract } from '../contract/avro.ts'
import { connectorFor, type OpenTopology, open, serdesOf } from '../runtime/open.ts'
import { requireResources } from '../runtime/resources.ts'
import type { TableTarget } from '../table.ts'
import { isTopic, type SinkNode } from '../topology/nodes.ts'
import type { Format } from '../topology/topic.ts'
import { compare, compareSets } from '../verify/compare.ts'
import { expectedOf, originOf, type SinkColumns } from '../verify/expected.ts'
import type { KeyTable } from '../verify/key-table.ts'
import { count, type Hop, type Report, reportOf } from '../verify/report.ts'
import { eachBatch, rangesOf, readKeyTable } from '../verify/topic-tables.ts'
import { config } from './config.ts'
import { type Connected, connect } from './connect.ts'
import { logger } from './log.ts'
import { milliseconds } from './options.ts'
import { print, table } from './outcome.ts'
import { PIPELINE_VARIABLES, pipelineResources } from './pipeline.ts'
import { captureCaughtUp, compareCaptureLetters, readStaging, readTable, rowKey } from './verify-hops.ts'

/** Which raw record of several with equal content led to a row is not decided by content. */
const LINEAGE: ReadonlySet<string> = new Set(['source'])
const NONE: ReadonlySet<string> = new Set()

interface Flags {
  readonly json?: boolean
  readonly wait: number
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'reconcile API history, staging, topics and tables hop by hop: counts, and every key by hash',
    )
    .option(
      '--wait <duration>',
      'how long a running capture may take to pass what is staged',
      milliseconds,
      30_000,
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 equal, 3 a key is missing at a later hop, 4 something differs or is too many.',
    )
    .action(async (flags: Flags) => {
      const settings = config(PIPELINE_VARIABLES)
      const environment = await connect(settings, logger('verify'))
      const database = openDatabase(settings.DATABASE_URL, { name: 'millrace verify' })
      try {
        const report = await verify(environment, database, flags.wait)
        if (flags.json) print(report)
        else process.stdout.write(`${text(report)}\n`)
        process.exitCode = report.exitCode
      } finally {
        await Promise.allSettled([database.close(), environment.close()])
      }
    })
}

/** From the first hop to the last; each hop's expectation is computed from the one before it. */
async function verify(environment: Connected, database: Database, wait: number): Promise<Report> {
  await requireResources(pipelineResources(environment, database))
  const opened = await open(userInsights, userInsights.name, environment)
  try {
    const committed = await environment.broker.admin.committed(userInsights.name, [usersRaw.name])
    await captureCaughtUp(database, wait)
    const { hops, expected } = await verifyCapture(environment, database)
    const flow = await verifyTopology(environment, opened, committed)
    return reportOf([...hops, ...flow.hops], expected - flow.records)
  } finally {
    await opened.close()
  }
}

async function verifyCapture(environment: Connected, database: Database) {
  const { broker } = environment
  const serdes = serdesOf(usersRaw, environment)
  await serdes.value.open?.()
  const columns = columnsOf(usersRaw.value)
  const staging = await readStaging(database, serdes, columns)
  const raw = await readKeyTable(broker, await rangesOf(broker, usersRaw.name), serdes, columns)
  const hops: Hop[] = [
    { hop: 'api', records: staging.fetched, findings: [] },
    { hop: 'staging', records: staging.rows, keys: staging.expected.size, findings: staging.findings },
    topicHop(usersRaw.name, staging.expected, raw),
    await compareCaptureLetters(broker, staging.refused),
  ]
  return { hops, expected: raw.records }
}

async function verifyTopology(
  environment: Connected,
  opened: OpenTopology,
  committed: Awaited<ReturnType<Connected['broker']['admin']['committed']>>,
) {
  const { broker } = environment
  const ranges = await rangesOf(broker, usersRaw.name, committed)
  const sinks = new Map(
    userInsights.nodes.flatMap((node) => (node.kind === 'sink' ? [[node, sinkColumns(node)] as const] : [])),
  )
  const expected = await expectedOf(userInsights, opened, environment, ranges, sinks)
  const hops: Hop[] = []
  for (const [node, should] of expected.sinks) {
    const { target } = node
    const actual = isTopic(target)
      ? await readKeyTable(
          broker,
          await rangesOf(broker, target.name),
          serdesOf(target, environment),
          should.columns,
        )
      : await readTable(connectorFor(environment.tables, target.connector, node.name), target as TableTarget)
    hops.push(topicHop(target.name, should, actual, LINEAGE))
  }
  hops.push(await compareLetters(environment, expected.letters))
  return { hops, records: expected.records }
}

function topicHop(hop: string, expected: KeyTable, actual: KeyTable, ignored = NONE): Hop {
  return {
    hop,
    records: actual.records,
    keys: actual.size,
    findings: compare(hop, expected, actual, ignored),
  }
}

async function compareLetters({ broker }: Connected, expected: ReadonlySet<string>): Promise<Hop> {
  const hop = userInsights.deadLetters.topic
  const actual = new Set<string>()
  let records = 0
  await eachBatch(broker, await rangesOf(broker, hop), (batch) => {
    records += batch.length
    for (const record of batch) actual.add(originOf(record))
  })
  return { hop, records, keys: actual.size, findings: compareSets(hop, expected, actual) }
}

function sinkColumns(node: SinkNode): SinkColumns {
  const { target } = node
  if (isTopic(target)) return { columns: columnsOf(target.value), keyOf: () => '' }
  const stored = target as TableTarget
  return { columns: Object.keys(stored.columns), keyOf: (value) => rowKey(stored, value) }
}

function columnsOf(format: Format<unknown>): string[] {
  const { schema } = format as Contract<unknown> & { schema: { fields: ReadonlyArray<{ name: string }> } }
  return schema.fields.map(({ name }) => name)
}

const SHOWN = 20

function text({ hops, findings, pending, exitCode }: Report): string {
  const rows = hops.map(({ hop, records, keys, findings: found }) => [
    hop,
    records,
    keys ?? '',
    keys === undefined ? '' : records - keys,
    count(found, 'missing'),
    count(found, 'different'),
    count(found, 'too many'),
  ])
  const lines = [table(['hop', 'records', 'keys', 'duplicates', 'missing', 'different', 'too many'], rows)]
  for (const { hop, key, kind, columns } of findings.slice(0, SHOWN)) {
    lines.push(`${kind} at ${hop}: ${key}${columns === undefined ? '' : ` (${columns.join(', ')})`}`)
  }
  if (findings.length > SHOWN) lines.push(`… and ${findings.length - SHOWN} more (--json has them all)`)
  if (pending > 0)
    lines.push(`${pending} records of ${usersRaw.name} are not processed yet; is the worker running?`)
  lines.push(exitCode === 0 ? 'verified: every hop holds what it should' : 'not verified')
  return lines.join('\n')
}
