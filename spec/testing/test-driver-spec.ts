import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type TestDriverOptions, testDriver } from '../../lib/testing/index.ts'
import { countedVisits, visit, visitsByCountry } from '../support/visits.ts'

const counts = visitsByCountry('counts')

/** 200 visits of 40 visitors, each visitor's in the order of time, the visitors' clocks far apart. */
const input = Array.from({ length: 200 }, (_, i) => ({ key: `visitor-${i % 40}`, ...visit(i) }))

async function finalCounts(options: TestDriverOptions, drive = input): Promise<Record<string, number>> {
  const driver = await testDriver(counts, options)
  await driver.pipeAll('visits', drive)
  const last: Record<string, number> = {}
  for (const { key, value } of driver.read('counts')) {
    const { key: country, start } = key as { key: string; start: number }
    last[`${country}@${start}`] = value as number
  }
  await driver.close()
  return last
}

describe('test driver', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-driver-'))
  after(() => rmSync(folder, { recursive: true }))
  const expected = countedVisits(input.length)

  it('should count all of a key in one place, however many partitions there are', async () => {
    for (const partitions of [1, 3, 8]) {
      expect(await finalCounts({ partitions }), `${partitions} partitions`).to.deep.equal(expected)
    }
  })

  it('should drop nothing as late that another partition has not yet sent on, in whatever order tasks run', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      expect(await finalCounts({ partitions: 4, batch: 50, seed }), `seed ${seed}`).to.deep.equal(expected)
    }
  })

  it('should run the same way for the same seed, and another way for another', async () => {
    const run = async (seed: number) => {
      const driver = await testDriver(counts, { partitions: 3, batch: 7, seed })
      await driver.pipeAll('visits', input)
      const read = driver.read().map(({ key, value }) => [key, value])
      await driver.close()
      return JSON.stringify(read)
    }
    expect(await run(5)).to.equal(await run(5))
    expect(await run(5)).not.to.equal(await run(6))
  })

  it('should come to the same result after crashes at any point', async () => {
    for (const point of ['taken', 'processed', 'saved'] as const) {
      const dir = mkdtempSync(join(folder, 'crash-'))
      let passed = 0
      const crash = (at: string) => at === point && ++passed % 5 === 0 && passed < 100
      const options = { partitions: 2, batch: 10, seed: 3, stores: { dir }, crash }
      expect(await finalCounts(options), point).to.deep.equal(expected)
      expect(passed).to.be.greaterThan(5)
    }
  })

  it('should repeat output at most, where output and state are not one step', async () => {
    const dir = mkdtempSync(join(folder, 'crash-'))
    let passed = 0
    const crash = (at: string) => at === 'delivered' && ++passed % 4 === 0 && passed < 60
    const options = { batch: 10, stores: { dir }, crash, guarantee: 'at-least-once' } as const
    const seen = await finalCounts(options)
    // What was repeated into the repartition topic has been counted again: that is what at-least-once means there.
    for (const [name, counted] of Object.entries(expected)) expect(seen[name]).to.be.at.least(counted)
  })
})
