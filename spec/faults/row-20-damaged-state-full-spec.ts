import { randomInt } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { startWorker } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { servers } from '../support/servers.ts'
import { judgedCounts } from './stateful/judged-counts.ts'
import { Stage } from './stateful/stage.ts'
import { said } from './stateful/workload.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))

interface Outcome {
  readonly how: string
  readonly message: string | undefined
}

describe('fault row 20: local state that is damaged, cut short, old, or another application’s', () => {
  const records = rowRecords() / 4
  const outcomes = new Map<string, Outcome>()
  let broker: Broker
  let stage: Stage
  let other: Stage
  let verdict: Verdict
  /** Milliseconds of the slowest run. */
  let slowest = 0

  const task = (which: Stage, name: string) => join(which.stateOf('state'), name)
  const logOf = (folder: string) => {
    const logs = readdirSync(join(folder, 'leveldb')).filter((name) => name.endsWith('.log'))
    return join(folder, 'leveldb', logs[0]!)
  }

  const DAMAGES: Readonly<Record<string, () => void>> = {
    'a bit flipped in the middle': () => flip(logOf(task(stage, '0_0')), 0.5),
    'a bit flipped at the end': () => flip(logOf(task(stage, '0_1')), 0.99),
    'cut to a half': () => cut(logOf(task(stage, '0_0')), 0.5),
    'cut to nothing': () => cut(logOf(task(stage, '0_1')), 0),
    'the folder of LevelDB gone': () => rmSync(join(task(stage, '0_0'), 'leveldb'), { recursive: true }),
    'that of another application': () => swap(task(other, '0_0'), task(stage, '0_0')),
    'that of another task': () => swap(task(stage, '0_1'), task(stage, '0_0')),
    old: () => swap(`${stage.stateOf('old')}/0_0`, task(stage, '0_0')),
  }

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    broker = kafkaBroker({ brokers: servers().kafkaBrokers.split(',') })
    const place = { kafka: servers().kafkaBrokers }
    stage = new Stage(broker, place, uniqueName('damaged'), seed, records)
    other = new Stage(broker, place, uniqueName('other'), seed + 1, records / 10)
    for (const one of [other, stage]) await one.prepare()
    await other.write()
    expect(await other.worker('state').ended).to.equal('0')
    const parts = Object.keys(DAMAGES).length + 1
    await stage.write(0, 1 / parts)
    expect(await started()).to.include({ how: '0' })
    cpSync(stage.stateOf('state'), stage.stateOf('old'), { recursive: true })
    for (const [i, [what, damage]] of Object.entries(DAMAGES).entries()) {
      damage()
      await stage.write((i + 1) / parts, (i + 2) / parts)
      const outcome = await started()
      outcomes.set(what, outcome)
      if (outcome.how === '0') continue
      // The cure that the refusal names.
      rmSync(stage.stateOf('state'), { recursive: true })
      expect(await started(), `after: ${what}`).to.include({ how: '0' })
    }
    verdict = await judgedCounts(stage)
    report({
      ...{
        row: 20,
        fault: `local state: ${[...outcomes.keys()].join(', ')}`,
        records: records * 4,
        kills: 0,
      },
      ...{ lost: verdict.lost.length, duplicated: verdict.duplicated.length },
      ...{ recoverySeconds: slowest / 1000, peakMemory: stage.memory.bytes },
    })
  })

  after(async () => {
    await stage?.clear()
    await other?.clear()
    await broker?.close()
  })

  async function started(): Promise<Outcome> {
    const since = performance.now()
    const worker = stage.worker('state', { batch: 200 })
    const how = await worker.ended
    slowest = Math.max(slowest, performance.now() - since)
    return { how, message: worker.failed?.message }
  }

  for (const what of Object.keys(DAMAGES).filter((name) => name !== 'old')) {
    it(`should refuse ${what}`, () => {
      const { how, message } = outcomes.get(what)!
      expect(how, message).to.equal('1')
      expect(message).to.include(stage.stateOf('state'))
      expect(message).to.match(/changelog/)
    })
  }

  it('should go on with an old one, from its changelogs', () => {
    expect(outcomes.get('old')).to.deep.equal({ how: '0', message: undefined })
  })

  it('should refuse an application id that would lead out of the state directory', async () => {
    for (const application of ['../elsewhere', '..', 'a/b', '/tmp', '']) {
      const error = await startWorker({
        topology: said(stage.run),
        environment: { broker, sinks: {}, lookups: {}, log: SILENT },
        application,
        stateDir: join(stage.stateOf('state'), '..'),
      }).then(
        () => undefined,
        (caught: unknown) => caught,
      )
      expect(error, application).to.include({ name: 'MillraceError', code: 'CONFIG' })
      expect(error).to.have.property('message').that.contains(JSON.stringify(application))
    }
  })

  it('should never have counted from a part of its state, or from another one', () => {
    expect({ ...verdict, duplicated: [] }).to.deep.equal(CLEAN)
  })
})

function flip(path: string, where: number): void {
  const bytes = readFileSync(path)
  const at = Math.floor(where * (bytes.length - 1))
  bytes[at] = bytes[at]! ^ 0x10
  writeFileSync(path, bytes)
}

function cut(path: string, to: number): void {
  truncateSync(path, Math.floor(statSync(path).size * to))
}

function swap(from: string, to: string): void {
  rmSync(to, { recursive: true })
  cpSync(from, to, { recursive: true })
}
