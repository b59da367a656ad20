import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { type EnrichOptions, enrich, json, sink, topic, topology } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { seededRandom } from '../../lib/testing/random.ts'

const SEED = Number(process.env.MILLRACE_SPEC_SEED ?? Math.floor(Math.random() * 2 ** 31))
const RUNS = 8
const RECORDS = 120
const KEYS = ['a', 'b', 'c', 'd', 'e']

interface Call {
  readonly key: string
  readonly n: number
}

/** One run: records of five keys through calls that take up to 4 ms, fail now and then, and are tried again. */
async function run(order: NonNullable<EnrichOptions['order']>, seed: number) {
  const random = seededRandom(seed)
  const delays = Array.from({ length: RECORDS }, () => Math.floor(random() * 4))
  const failing = new Set(Array.from({ length: 6 }, () => Math.floor(random() * RECORDS)))
  const keys = Array.from({ length: RECORDS }, () => KEYS[Math.floor(random() * KEYS.length)]!)
  const begun: Call[] = []
  const ended: number[] = []
  const running = new Map<string, number>()
  let most = 0
  let overlapping = 0
  const call = async (n: number, { key }: { readonly key: string }) => {
    begun.push({ key, n })
    const together = (running.get(key) ?? 0) + 1
    running.set(key, together)
    if (together > 1) overlapping++
    most = Math.max(
      most,
      [...running.values()].reduce((sum, one) => sum + one, 0),
    )
    try {
      await delay(delays[n])
      if (failing.delete(n)) throw new Error('not now')
      ended.push(n)
      return n
    } finally {
      running.set(key, running.get(key)! - 1)
    }
  }
  const said = topology('spec', ({ source }) => {
    source('input', topic('in', { value: json<number>() })).pipe(
      enrich('ask', call, { order, concurrency: 7, retry: 2, timeout: '5s' }),
      sink('out', topic('out', { value: json<number>() })),
    )
  })
  const driver = await testDriver(said, { batch: 40, seed })
  await driver.pipeAll(
    'in',
    keys.map((key, n) => ({ key, value: n, timestamp: n })),
  )
  const out = driver.read('out').map(({ key, value }): Call => ({ key: String(key), n: Number(value) }))
  await driver.close()
  return { out, begun, ended, most, overlapping, letters: driver.deadLetters }
}

const numbers = (calls: readonly Call[]) => calls.map(({ n }) => n)
const all = Array.from({ length: RECORDS }, (_, n) => n)

describe('enrich order under random delays', function () {
  this.timeout(60_000)
  before(() => console.log(`      seed ${SEED} (MILLRACE_SPEC_SEED)`))

  for (const order of ['key', 'partition', 'none'] as const) {
    it(`should lose and repeat nothing, and keep what order '${order}' promises`, async () => {
      let swapped = 0
      for (let i = 0; i < RUNS; i++) {
        const { out, ended, most, overlapping, letters } = await run(order, SEED + i)
        expect(letters).to.deep.equal([])
        expect(numbers(out).sort((a, b) => a - b)).to.deep.equal(all)
        if (order === 'none') expect(numbers(out)).to.deep.equal(ended)
        else expect(numbers(out)).to.deep.equal(all)
        if (order !== 'none') expect(overlapping).to.equal(0)
        if (order === 'partition') expect(most).to.equal(1)
        else expect(most).to.be.within(2, 7)
        swapped += numbers(out).filter((n, index) => n !== index).length
      }
      // Else the delays have shown nothing.
      if (order === 'none') expect(swapped).to.be.above(0)
    })
  }
})
