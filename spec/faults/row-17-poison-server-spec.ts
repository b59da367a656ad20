import avsc from 'avsc'
import { expect } from 'chai'
import { kafka } from '../../connectors/kafka/index.ts'
import { exitCode } from '../../lib/errors.ts'
import {
  json,
  map,
  sink,
  startWorker,
  stringKey,
  type Topology,
  topology,
  validate,
} from '../../lib/index.ts'
import type { OutRecord } from '../../lib/record.ts'
import { DEAD_LETTER } from '../../lib/runtime/dead-letters.ts'
import { consumeTopic, type ShownRecord } from '../support/console-consumer.ts'
import {
  applyTopology,
  committedOf,
  endsOf,
  produce,
  type SpecEnvironment,
  specEnvironment,
} from '../support/environment.ts'
import {
  CANARY,
  framed,
  GROWS,
  good,
  type Poison,
  poisonsOf,
  run,
  schema,
  stock,
  THROWS,
  type Thing,
  thing,
} from './poison/poisons.ts'
import { CLEAN, judge } from './support/judge.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

const START = Date.now() - 3_600_000
const RECORDS = rowRecords()
const input = kafka(`poison-${run}`, { value: thing, partitions: 1 })
const output = kafka(`poisoned-${run}`, {
  value: thing,
  partitions: 1,
  config: { 'max.message.bytes': '20000' },
})

const said: Topology = topology(`poison-${run}`, ({ source }) => {
  source('things', input).pipe(
    validate('counted', ({ n }) => (n < 0 ? 'a negative count' : undefined)),
    map('cleanse', (value) => {
      if (value.n === THROWS) throw new TypeError('cleansing failed')
      return value.n === GROWS ? { ...value, name: value.name.repeat(200_000) } : value
    }),
    sink('cleansed', output),
  )
})

describe('fault row 17: a worker whose topic holds poison', () => {
  let environment: SpecEnvironment
  let poisons: Poison[]
  const written: OutRecord[] = []
  /** Offsets. */
  const bad: number[] = []
  let letters: ShownRecord[]

  before(async () => {
    environment = specEnvironment()
    await applyTopology(said, environment)
    const id = (await environment.registry!.idOf(`${input.name}-value`, thing.text))!
    poisons = poisonsOf(id)
    const apart = Math.floor(RECORDS / poisons.length)
    for (let i = 0; i < RECORDS; i++) {
      const poison = i % apart === apart - 1 ? poisons[(i + 1) / apart - 1] : undefined
      written.push(record(good(id, i), START + i))
      if (poison === undefined) continue
      bad.push(written.length)
      written.push(poisoned(poison, START + i))
    }
    await produce(environment, written)
    const worker = await startWorker({
      topology: said,
      environment,
      untilCaughtUp: true,
      batch: { records: 70 },
    })
    await worker.done
    const [end = 0] = await endsOf(environment, said.deadLetters.topic)
    letters = await consumeTopic(said.deadLetters.topic, end)
  })
  after(() => environment.close())

  it('should make exactly one dead letter of each bad record, in order', () => {
    expect(letters.map(({ headers }) => headers.get(DEAD_LETTER.offset))).to.deep.equal(bad.map(String))
  })

  it('should say the reason, its code, the step and where the record came from', () => {
    for (const [i, { what, code, step, reason }] of poisons.entries()) {
      const headers = letters[i]!.headers
      expect(headers.get(DEAD_LETTER.reason), what).to.match(reason)
      expect(headers.get(DEAD_LETTER.code), what).to.equal(code)
      expect(headers.get(DEAD_LETTER.step), what).to.equal(step)
      expect(headers.get(DEAD_LETTER.application), what).to.equal(said.name)
      expect(headers.get(DEAD_LETTER.topic), what).to.equal(input.name)
      expect(headers.get(DEAD_LETTER.partition), what).to.equal('0')
      expect(headers.get('trace'), what).to.equal('of the producer')
    }
  })

  it('should keep key, value and timestamp to the byte', () => {
    const kept = letters.map(({ key, value, timestamp }) => ({ key, value, timestamp }))
    const expected = bad
      .map((offset) => written[offset]!)
      .map(({ key, value, timestamp }) => ({ key, value, timestamp }))
    for (const [i, { what }] of poisons.entries()) expect(kept[i], what).to.deep.equal(expected[i])
  })

  it('should deliver every good record around them, and commit the end', async () => {
    const [end = 0] = await endsOf(environment, output.name)
    const seen = (await consumeTopic(output.name, end)).map(({ value }) => ({
      key: 'all',
      n: (stock.fromBuffer(value!.subarray(5)) as Thing).n,
    }))
    const verdict = judge(
      Array.from({ length: RECORDS }, (_, n) => ({ key: 'all', n })),
      seen,
    )
    report({
      ...{ row: 17, fault: `poison of ${poisons.length} kinds`, records: RECORDS, kills: 0 },
      ...{ lost: verdict.lost.length, duplicated: verdict.duplicated.length },
      ...{ recoverySeconds: null, peakMemory: null },
    })
    // What was refused for its size takes its neighbours with it: they are sent again.
    expect({ ...verdict, duplicated: [] }).to.deep.equal(CLEAN)
    expect(await committedOf(environment, said.name, input.name)).to.deep.equal([written.length])
  })

  it('should log no byte of a key or value, at any level', () => {
    const refused = environment.lines.filter((line) => line.includes('record refused'))
    expect(refused).to.have.length(poisons.length)
    expect(environment.lines.filter((line) => line.includes(CANARY))).to.deep.equal([])
  })
})

describe('fault row 17: a worker that is behind the contract of its topic', () => {
  it('should stop with exit code 3, make no dead letter and commit nothing beyond', async () => {
    const environment = specEnvironment()
    const topic = kafka(`behind-${run}`, { value: thing, partitions: 1 })
    const behind = topology(`behind-${run}`, ({ source }) => {
      source('things', topic).pipe(sink('same', kafka(`behind-${run}-out`, { value: thing, partitions: 1 })))
    })
    await applyTopology(behind, environment)
    const fields = schema.fields.map((field) => (field.name === 'n' ? { name: 'n', type: 'string' } : field))
    const newer = JSON.stringify({ ...schema, fields })
    const newerId = await environment.registry!.register(`behind-${run}-elsewhere-value`, newer)
    const id = (await environment.registry!.idOf(`${topic.name}-value`, thing.text))!
    const value = avsc.Type.forSchema(JSON.parse(newer)).toBuffer({ name: CANARY, n: 'many', tags: {} })
    const to = (bytes: Buffer, i: number): OutRecord => ({ ...record(bytes, START + i), topic: topic.name })
    await produce(environment, [to(good(id, 0), 0), to(framed(newerId, value), 1), to(good(id, 1), 2)])

    const worker = await startWorker({ topology: behind, environment, batch: { records: 1 } })
    const error = await worker.done.catch((caught: unknown) => caught)

    expect(error).to.include({ name: 'MillraceError', code: 'CONTRACT' })
    expect(error)
      .to.have.property('message')
      .that.contains(`${topic.name}/0/1`)
      .and.contains("upgrade this worker's contract")
    expect(exitCode(error)).to.equal(3)
    expect(await endsOf(environment, behind.deadLetters.topic)).to.deep.equal([0])
    expect(await committedOf(environment, behind.name, topic.name)).to.deep.equal([1])
    await environment.close()
  })
})

describe('fault row 17: a policy to fail', () => {
  const fatal = Math.floor(RECORDS / 2)
  let environment: SpecEnvironment
  before(() => {
    environment = specEnvironment()
  })
  after(() => environment.close())

  /** At the offset `fatal`. */
  async function stopsAt(said: Topology, step: string, value: (n: number) => string): Promise<void> {
    const [input, output] = [`${said.name}-in`, `${said.name}-out`]
    await applyTopology(said, environment)
    await produce(
      environment,
      Array.from({ length: RECORDS }, (_, n) => ({
        ...record(Buffer.from(value(n)), START + n),
        topic: input,
      })),
    )
    for (let life = 0; life < 3; life++) {
      const worker = await startWorker({ topology: said, environment, batch: { records: 70 } })
      const error = await worker.done.catch((caught: unknown) => caught)
      expect(error).to.include({ name: 'MillraceError', code: 'STEP' })
      expect(error).to.have.property('message').that.contains(`"${step}" can't go on at ${input}/0/${fatal}`)
      const [committed] = await committedOf(environment, said.name, input)
      expect(committed, 'committed').to.be.at.most(fatal)
    }
    const [end = 0] = await endsOf(environment, output)
    const seen = (await consumeTopic(output, end)).map((one) => Number(String(one.value)))
    expect(Math.max(...seen)).to.be.within(fatal - 70, fatal - 1)
    expect(await endsOf(environment, said.deadLetters.topic)).to.deep.equal([0])
    expect(environment.lines.filter((line) => line.includes(CANARY))).to.deep.equal([])
  }

  const numbers = (name: string) => kafka(name, { value: json<number>(), partitions: 1 })

  it('should stop at the same offset after every restart, and have delivered what is before', async () => {
    const name = `fatal-step-${run}`
    const said = topology(name, ({ source }) => {
      source('numbers', numbers(`${name}-in`)).pipe(
        map(
          'divide',
          (n) => {
            if (n === fatal) throw new RangeError('not this one')
            return n
          },
          { onError: 'fail' },
        ),
        sink('same', numbers(`${name}-out`)),
      )
    })
    await stopsAt(said, 'divide', String)
  })

  it('should do so at what can not be read, where a source says it', async () => {
    const name = `fatal-source-${run}`
    const said = topology(name, ({ source }) => {
      source('numbers', numbers(`${name}-in`), { onError: 'fail' }).pipe(sink('same', numbers(`${name}-out`)))
    })
    await stopsAt(said, 'numbers', (n) => (n === fatal ? `{${CANARY}` : String(n)))
  })
})

function record(
  value: Buffer | null,
  timestamp: number,
  key: Buffer | null = stringKey.encode(`${CANARY}-key`),
): OutRecord {
  return {
    topic: input.name,
    partition: 0,
    key,
    value,
    timestamp,
    headers: [['trace', Buffer.from('of the producer')]],
  }
}

function poisoned({ key, value, timestamp }: Poison, otherwise: number): OutRecord {
  return key === undefined
    ? record(value, timestamp ?? otherwise)
    : record(value, timestamp ?? otherwise, key)
}
