import { randomInt } from 'node:crypto'
import { expect } from 'chai'
import type { Broker } from '../../../lib/broker/broker.ts'
import { uniqueName } from '../../conformance/broker-harness.ts'
import { type BrokerPlace, openBroker } from '../../support/broker-place.ts'
import { report } from '../support/report.ts'
import { Copier, FENCED_EXIT } from './copier.ts'
import { type Life, planOf } from './plan.ts'
import { ConcurrentReader } from './reader.ts'
import { faultsOf, type Names, numbered, numberIn, PARTITIONS } from './workload.ts'

const FAULTLESS = { lost: 0, duplicated: 0, disordered: 0 }

export interface Run {
  readonly records: number
  /** Records in a transaction. */
  readonly transaction: number
  /** Copiers that are killed or frozen. */
  readonly lives: number
  where(): BrokerPlace
  /** Done to the broker so many times while a copier is at work, the last time in the life that ends with all copied. */
  readonly disturbances: number
  disturb(): Promise<void>
  /** Resolves when the last disturbance is over, if that outlasts `disturb`. */
  readonly calm?: (() => Promise<void>) | undefined
  /** Commits that the broker itself has lost. */
  readonly forgotten?: (() => number) | undefined
  /** Reads the target from now on, with no code of ours, until each partition has shown its last record. */
  readonly judge?: ((topic: string, last: number) => Judge) | undefined
}

export interface Judge {
  /** By partition, in the order in which they came. */
  numbers(): Promise<readonly (readonly number[])[]>
  stop(): Promise<void>
}

/** In the manner of Kafka's own transactions_test.py: a copy, killed again and again, is exactly the original. */
export function copiedUnderKills(run: Run): void {
  const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))
  const { records, transaction } = run
  const names: Names = {
    source: uniqueName('source'),
    target: uniqueName('target'),
    group: uniqueName('copiers'),
    writer: uniqueName('writer'),
  }
  const copiers: Copier[] = []
  const killed: string[] = []
  let broker: Broker
  let reader: ConcurrentReader
  let judge: Judge | undefined
  let held: number[][]
  let disturbances = 0

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    broker = await openBroker(run.where())
    for (const topic of [names.source, names.target])
      await broker.admin.createTopic({ topic, partitions: PARTITIONS })
    const producer = await broker.producer({})
    await producer.send(Array.from({ length: records }, (_, n) => numbered(names.source, n)))
    await producer.close()
    reader = new ConcurrentReader(broker, names.target, uniqueName('readers'))
    await reader.start()
    judge = run.judge?.(names.target, records)
    const begun = performance.now()
    const plan = planOf({
      ...{ seed, lives: run.lives, transactions: records / transaction },
      disturbances: run.disturbances - 1,
    })
    for (const life of plan) await live(life)
    await finish()
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    console.log(`      copied in ${seconds} s, ${disturbances} times disturbed: ${killed.join(', ')}`)
    await endWith(records)
    await reader.until(records)
    held = await numbersIn(names.target)
    const { lost, duplicated } = faultsOf(held.map(withoutLast), records)
    report({
      row: 1,
      fault: `a copy in transactions of ${transaction}: kill -9 of the client, zombies, and ${disturbances} of the broker`,
      ...{ records, kills: killed.length + disturbances, lost, duplicated },
      recoverySeconds: null,
      peakMemory: null,
    })
    expect(run.forgotten?.() ?? 0, 'commits that the broker itself has lost').to.equal(0)
  })
  after(async () => {
    await Promise.all(copiers.map((copier) => copier.clear()))
    await reader?.stop()
    await judge?.stop()
    await broker?.close()
  })

  it('should have met its end at work in every life', () => {
    expect(killed).to.have.length(run.lives)
    for (const outcome of killed) expect(outcome).to.match(/^(killed|fenced)/)
    expect(disturbances).to.equal(run.disturbances)
  })

  it('should hold every record once, those of a key in order', () => {
    expect(faultsOf(held.map(withoutLast), records)).to.deep.equal(FAULTLESS)
  })

  it('should have shown the same to who read meanwhile', () => {
    expect(reader.faults.slice(0, 5)).to.deep.equal([])
    expect(reader.numbers).to.deep.equal(held)
  })

  it('should have committed the ends of the source', async () => {
    const ends = (await broker.admin.offsets(names.source)).map(({ partition, end }) => [partition, end])
    const positions = await broker.admin.committed(names.group, [names.source])
    expect(positions.map(({ partition, offset }) => [partition, offset])).to.have.deep.members(ends)
  })

  if (run.judge !== undefined) {
    it('should have shown the same, meanwhile, to who shares no code with us', async () => {
      expect(await judge!.numbers()).to.deep.equal(held)
    }).timeout(120_000)
  }

  function copier(life?: Life): Copier {
    const next = new Copier({
      place: run.where(),
      names,
      seed: seed + copiers.length,
      transaction,
      life,
    })
    copiers.push(next)
    return next
  }

  async function live(life: Life): Promise<void> {
    const { fate, stage } = life
    if (life.disturbed) await run.calm?.()
    const mortal = copier(life)
    if (life.disturbed) await disturb(mortal)
    await mortal.reached()
    if (fate === 'kill') {
      await mortal.kill()
      killed.push(`killed, ${stage}, after ${mortal.committed}`)
      return
    }
    mortal.freeze()
    const successor = copier({ fate: 'kill', stage: 'sent', after: PARTITIONS, disturbed: false })
    await successor.reached()
    const code = await mortal.thaw()
    killed.push(
      `${code === FENCED_EXIT ? 'fenced' : `ended with ${code}`}, ${stage}, after ${mortal.committed}`,
    )
    await successor.kill()
  }

  async function finish(): Promise<void> {
    await run.calm?.()
    const last = copier()
    await disturb(last)
    expect(await last.ended()).to.equal(0)
    await run.calm?.()
    for (const reason of copiers.flatMap(({ again }) => again)) console.log(`      began again: ${reason}`)
  }

  /** While it is at work. */
  async function disturb(copier: Copier): Promise<void> {
    await copier.untilCommitted(1)
    await run.disturb()
    disturbances++
  }

  /** One more record in each partition, behind which nothing may be. */
  async function endWith(number: number): Promise<void> {
    const producer = await broker.producer({})
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
    await producer.send(partitions.map((partition) => ({ ...numbered(names.target, number), partition })))
    await producer.close()
  }

  async function numbersIn(topic: string): Promise<number[][]> {
    const numbers: number[][] = Array.from({ length: PARTITIONS }, () => [])
    const ranges = await broker.admin.offsets(topic)
    const all = ranges.map(({ partition, earliest, end }) => ({ topic, partition, from: earliest, to: end }))
    for await (const batch of broker.read(all)) numbers[batch.partition]!.push(...batch.records.map(numberIn))
    return numbers
  }
}

function withoutLast(numbers: readonly number[]): readonly number[] {
  return numbers.slice(0, -1)
}
