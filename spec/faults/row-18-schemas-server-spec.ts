import { randomBytes } from 'node:crypto'
import avsc from 'avsc'
import { expect } from 'chai'
import { kafka } from '../../connectors/kafka/index.ts'
import { exitCode } from '../../lib/errors.ts'
import {
  type Contract,
  contract,
  json,
  map,
  sink,
  startWorker,
  type Topology,
  topology,
} from '../../lib/index.ts'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { consumeTopic } from '../support/console-consumer.ts'
import {
  applyTopology,
  committedOf,
  endsOf,
  produce,
  type SpecEnvironment,
  specEnvironment,
} from '../support/environment.ts'
import { servers } from '../support/servers.ts'
import { CLEAN, judge } from './support/judge.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

const RECORDS = rowRecords()
const run = randomBytes(4).toString('hex')
const FIELD = { n: { name: 'n', type: 'int' }, old: { name: 'old', type: 'string', default: 'o' } }

interface Thing {
  readonly n: number
  readonly name: string
}

const schemaOf = (...fields: readonly object[]) => ({ type: 'record', name: `Evolved${run}`, fields })
/** What writers have: without the reader's field, with it, and with one more that the reader does not know. */
const WRITERS = [
  schemaOf(FIELD.n, FIELD.old),
  schemaOf(FIELD.n, { name: 'name', type: 'string', default: 'none' }),
  schemaOf(
    FIELD.n,
    { name: 'name', type: 'string', default: 'none' },
    { name: 'more', type: 'int', default: 0 },
  ),
] as const
const VALUES = [
  (n: number) => ({ n, old: `old-${n}` }),
  (n: number) => ({ n, name: `name-${n}` }),
  (n: number) => ({ n, name: `more-${n}`, more: n }),
] as const
/** What a reader with the second schema makes of them. */
const NAMES = [() => 'none', (n: number) => `name-${n}`, (n: number) => `more-${n}`] as const

const lacking = contract<Thing>({
  name: 'lacking',
  version: 2,
  schema: schemaOf(FIELD.n, { name: 'name', type: 'string' }),
})

function named(name: string, value: Contract<Thing>): { said: Topology; input: string; output: string } {
  const [input, output] = [`${name}-${run}`, `${name}-${run}-out`]
  const said = topology(`${name}-${run}`, ({ source }) => {
    source('things', kafka(input, { value, partitions: 1 })).pipe(
      map('plain', ({ n, name }) => ({ n, name })),
      sink('out', kafka(output, { value: json<Thing>(), partitions: 1 })),
    )
  })
  return { said, input, output }
}

describe('fault row 18: schemas that do not fit', () => {
  let environment: SpecEnvironment
  before(() => {
    environment = specEnvironment()
  })
  after(() => environment.close())

  const types = WRITERS.map((schema) => avsc.Type.forSchema(schema as avsc.Schema))

  function recordOf(topic: string, ids: readonly number[], n: number, writer: number): OutRecord {
    const head = Buffer.alloc(5)
    head.writeInt32BE(ids[writer]!, 1)
    const value = Buffer.concat([head, types[writer]!.toBuffer(VALUES[writer]!(n))])
    return { topic, partition: 0, key: null, value, timestamp: 1_700_000_000_000 + n, headers: NO_HEADERS }
  }

  /** By another program, which asks for no compatibility. */
  async function registerAnyway(subject: string, schema: string): Promise<number> {
    const send = async (method: string, path: string, body: object) => {
      const answer = await fetch(`${servers().registryUrl}${path}`, {
        method,
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify(body),
      })
      expect(answer.ok, path).to.equal(true)
      return (await answer.json()) as { readonly id: number }
    }
    await send('PUT', `/config/${subject}`, { compatibility: 'NONE' })
    return (await send('POST', `/subjects/${subject}/versions`, { schema })).id
  }

  it('should read what writers of three versions wrote in turn, in one batch, each rightly', async () => {
    const reader = contract<Thing>({ name: 'reader', version: 2, schema: WRITERS[1] })
    const { said, input, output } = named('evolved', reader)
    await applyTopology(said, environment)
    const ids: number[] = []
    for (const schema of WRITERS) {
      ids.push(await environment.registry!.register(`${input}-value`, JSON.stringify(schema)))
    }
    expect(new Set(ids).size).to.equal(WRITERS.length)
    const writerOf = (n: number) => n % WRITERS.length
    await produce(
      environment,
      Array.from({ length: RECORDS }, (_, n) => recordOf(input, ids, n, writerOf(n))),
    )
    await (await startWorker({ topology: said, environment, untilCaughtUp: true })).done

    const [end = 0] = await endsOf(environment, output)
    const seen = (await consumeTopic(output, end)).map(({ value }): Thing => JSON.parse(String(value)))
    const verdict = judge(
      Array.from({ length: RECORDS }, (_, n) => ({ key: NAMES[writerOf(n)]!(n), n })),
      seen.map(({ n, name }) => ({ key: name, n })),
    )
    report({
      ...{ row: 18, fault: 'writers of three versions in one batch', records: RECORDS, kills: 0 },
      ...{ lost: verdict.lost.length, duplicated: verdict.duplicated.length },
      ...{ recoverySeconds: null, peakMemory: null },
    })
    expect(verdict).to.deep.equal(CLEAN)
    expect(await endsOf(environment, said.deadLetters.topic)).to.deep.equal([0])
  })

  it('should refuse at apply, and at start, a contract that does not fit its subject', async () => {
    const { said, input } = named('refused', lacking)
    await environment.registry!.register(`${input}-value`, JSON.stringify(WRITERS[0]))
    await applyTopology(said, environment)
    const subject = resourcesOf(said, said.name, environment).find(({ name }) => name === `${input}-value`)
    expect(await subject!.inspect())
      .to.have.property('differs')
      .that.contains('lacking v2')
      .and.contains('name')
    const error = await startWorker({ topology: said, environment }).then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error).to.include({ name: 'MillraceError', code: 'CONTRACT' })
    expect(error).to.have.property('message').that.contains('lacking v2').and.contains('name')
    expect(exitCode(error)).to.equal(3)
  })

  it('should stop where its contract lacks a default for what was written, and make no dead letter', async () => {
    const { said, input, output } = named('lacking', lacking)
    await applyTopology(said, environment)
    const id = await registerAnyway(`${input}-value`, JSON.stringify(WRITERS[0]))
    const fits = (await environment.registry!.idOf(`${input}-value`, lacking.text))!
    const before = Math.floor(RECORDS / 2)
    const ids = [id, fits]
    await produce(
      environment,
      Array.from({ length: RECORDS }, (_, n) => recordOf(input, ids, n, n === before ? 0 : 1)),
    )
    for (let life = 0; life < 3; life++) {
      const worker = await startWorker({ topology: said, environment, batch: { records: 100 } })
      const error = await worker.done.catch((caught: unknown) => caught)
      expect(error).to.include({ name: 'MillraceError', code: 'CONTRACT' })
      expect(error).to.have.property('message').that.contains(`${input}/0/${before}`)
      expect(exitCode(error)).to.equal(3)
    }
    const [committed] = await committedOf(environment, said.name, input)
    expect(committed).to.be.within(before - 100, before)
    const [end = 0] = await endsOf(environment, output)
    expect(end).to.be.at.least(committed!)
    const seen = (await consumeTopic(output, end)).map(({ value }): Thing => JSON.parse(String(value)))
    expect(Math.max(...seen.map(({ n }) => n))).to.be.below(before)
    expect(await endsOf(environment, said.deadLetters.topic)).to.deep.equal([0])
  })
})
