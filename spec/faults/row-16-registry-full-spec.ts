import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { schemaRegistry } from '../../lib/contract/registry.ts'
import type { OutRecord } from '../../lib/record.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { consumeWholeTopic } from '../support/console-consumer.ts'
import {
  applyTopology,
  committedOf,
  endsOf,
  produce,
  type SpecEnvironment,
  specEnvironment,
} from '../support/environment.ts'
import { RegistryProxy, type RegistryState } from '../support/registry-proxy.ts'
import { servers } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { names, PARTITIONS, recordOf, said, schemaText } from './registry/workload.ts'
import { CLEAN, judge, type Verdict } from './support/judge.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'
import { RowWorker } from './support/row-worker.ts'

const STATES: readonly RegistryState[] = ['refuses', 'fails', 'hangs', 'slow']
/** Of one partition, while the registry is in one state, and as many again before. */
const CHUNK = Math.floor(rowRecords() / PARTITIONS / (STATES.length + 1))

describe('fault row 16: the schema registry is away, slow, or fails', () => {
  const run = uniqueName('away')
  const { application, input, output } = names(run)
  const door = new RegistryProxy()
  const registry = schemaRegistry({ url: servers().registryUrl })
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-registry-'))
  const memory = new PeakMemory()
  const workers: RowWorker[] = []
  const recoveries: number[] = []
  /** What was committed of each partition while a registry was not up. */
  const meanwhile = new Map<RegistryState, number[]>()
  let environment: SpecEnvironment
  let verdict: Verdict
  let refused: RowWorker
  let sent = 0

  before(async () => {
    environment = specEnvironment()
    await applyTopology(said(run), environment)
    await door.become('up')
    const known = await schemaId(0)
    await send(known, 0)

    await door.become('fails')
    refused = start()
    await refused.ended
    await door.become('up')
    const worker = start()
    await committed(() => [sent, sent, sent, sent])

    for (const [i, state] of STATES.entries()) {
      await door.become(state)
      await send(await schemaId(i + 1), i + 1)
      const before = sent - CHUNK
      if (state !== 'slow') {
        await committed(() => [before, sent, sent, sent])
        await until('it asks', () => door.turnedAway > 0 || state === 'refuses')
        meanwhile.set(state, await committedOf(environment, application, input))
        await door.become('up')
      }
      const since = performance.now()
      await committed(() => [sent, sent, sent, sent])
      recoveries.push((performance.now() - since) / 1000)
    }
    worker.stop()
    expect(await worker.ended).to.equal('0')
    const seen = await consumeWholeTopic(servers().kafkaBrokers, output)
    verdict = judge(
      Array.from({ length: PARTITIONS }, (_, p) =>
        Array.from({ length: sent }, (_, n) => ({ key: `partition-${p}`, n })),
      ).flat(),
      seen.map(({ key, value }) => ({ key: String(key), n: Number(String(value)) })),
    )
    report({
      ...{
        row: 16,
        fault: `the registry ${STATES.join(', ')}`,
        records: sent * PARTITIONS,
        kills: STATES.length,
      },
      ...{ lost: verdict.lost.length, duplicated: verdict.duplicated.length },
      ...{ recoverySeconds: Math.max(...recoveries), peakMemory: memory.bytes },
    })
  })

  after(async () => {
    await Promise.all(workers.map((worker) => worker.clear()))
    await environment?.close()
    await door.close()
    rmSync(stateDir, { recursive: true })
  })

  function start(): RowWorker {
    const place = { kafka: servers().kafkaBrokers }
    const module = new URL('registry/workload.ts', import.meta.url).href
    const worker = new RowWorker(
      { module, run, place, stateDir, registryUrl: door.url, untilCaughtUp: false },
      memory,
    )
    workers.push(worker)
    return worker
  }

  const schemaId = (version: number) => registry.register(`${input}-value`, schemaText(run, version))

  /** To each partition as many; the first of partition 0 has a schema that only the registry knows. */
  async function send(id: number, version: number): Promise<void> {
    const known = await schemaId(0)
    const records: OutRecord[] = []
    for (let n = sent; n < sent + CHUNK; n++) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const odd = n === sent && partition === 0
        records.push(recordOf(run, { ...(odd ? { id, version } : { id: known, version: 0 }), n, partition }))
      }
    }
    sent += CHUNK
    await produce(environment, records)
  }

  const committed = (wanted: () => readonly number[]) =>
    until(`${wanted()} are committed`, async () => {
      const found = await committedOf(environment, application, input)
      return found.every((offset, partition) => offset >= wanted()[partition]!)
    })

  it('should refuse to start without it, saying so', () => {
    expect(refused.failed?.code).to.equal('UNREACHABLE')
  })

  it('should go on with the schemas it knows, and wait where it needs one', () => {
    expect([...meanwhile.keys()]).to.deep.equal(STATES.filter((state) => state !== 'slow'))
    for (const [state, [first, ...others]] of meanwhile) {
      expect(others, state).to.deep.equal(others.map(() => first! + CHUNK))
    }
  })

  it('should lose nothing, make no dead letter and keep the order', async () => {
    expect(verdict).to.deep.equal(CLEAN)
    expect(await endsOf(environment, said(run).deadLetters.topic)).to.satisfy((ends: number[]) =>
      ends.every((end) => end === 0),
    )
  })

  it('should be done within ten seconds of its return', () => {
    expect(Math.max(...recoveries)).to.be.below(10)
  })
})
