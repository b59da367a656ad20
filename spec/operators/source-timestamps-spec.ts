import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { json, type SourceOptions, sink, topic, topology } from '../../lib/index.ts'
import { type TestDriver, testDriver } from '../../lib/testing/index.ts'
import { rejectionOf } from '../contract/failure-of.ts'
import { driven, lettersOf, type Short, shortened } from '../support/driven.ts'

interface Reading {
  readonly at: number | null
}

const echo = (options: SourceOptions<string, Reading>) =>
  topology('spec', ({ source }) => {
    source('input', topic('in', { value: json<Reading>() }), options).pipe(
      sink('out', topic('out', { value: json<Reading | null>() })),
    )
  })

/** The record's own time is 7; `at` is what its value says. */
const reading = (at: number | null): Short => ['a', { at }, 7]
const byValue = { timestamp: ({ at }: Reading) => at ?? -1 }
const times = (out: readonly Short[]) => out.map(([, , timestamp]) => timestamp)

describe('source timestamps', () => {
  it('should be those of the records, unless an extractor says others', async () => {
    expect(times((await driven(echo({}), [reading(5)])).out)).to.deep.equal([7])
    expect(times((await driven(echo(byValue), [reading(5), reading(3)])).out)).to.deep.equal([5, 3])
  })

  it('should let an extractor see record and partition time', async () => {
    const seen: unknown[] = []
    const said = echo({
      timestamp: ({ at }, { key, timestamp }, partitionTime) => {
        seen.push([key, timestamp, partitionTime])
        return at ?? partitionTime + 1
      },
    })
    const { out } = await driven(said, [reading(10), reading(4), reading(null)])
    expect(times(out)).to.deep.equal([10, 4, 11])
    expect(seen).to.deep.equal([-1, 10, 10].map((partitionTime) => ['a', 7, partitionTime]))
  })

  it('should make a dead letter of what has none: negative, fractional or no number at all', async () => {
    const said = echo(byValue)
    const { out, letters } = await driven(said, [-1, 1.5, null, 8].map(reading))
    expect(times(out)).to.deep.equal([8])
    expect(letters).to.deep.equal(Array(3).fill('input: its timestamp is negative or no whole number'))
    const nan = echo({ timestamp: () => Number.NaN })
    expect((await driven(nan, [reading(1)])).letters).to.have.length(1)
  })

  it('should stop at an invalid one under the policy fail, with the cure', async () => {
    const failing = driven(echo({ ...byValue, invalidTimestamps: 'fail' }), [reading(1), reading(null)])
    expect((await rejectionOf(failing)).message).to.match(
      /step "input" can't go on at in\/0\/1: .*: mend the extractor, or set invalidTimestamps/,
    )
  })

  it("should stand in with the partition's time under the policy partition-time, once there is one", async () => {
    const said = echo({ ...byValue, invalidTimestamps: 'partition-time' })
    const { out, letters } = await driven(said, [null, 30, 20, null, 40, null].map(reading))
    expect(times(out)).to.deep.equal([30, 20, 30, 40, 40])
    expect(letters).to.have.length(1)
  })

  it('should take each partition by itself', async () => {
    const driver = await testDriver(echo({ ...byValue, invalidTimestamps: 'partition-time' }), {
      partitions: 2,
    })
    await driver.pipe('in', { key: 'a', value: { at: 50 }, timestamp: 7, partition: 0 })
    await driver.pipe('in', { key: 'a', value: { at: 60 }, timestamp: 7, partition: 1 })
    await driver.pipe('in', { key: 'a', value: { at: null }, timestamp: 7, partition: 0 })
    expect(times(shortened(driver))).to.deep.equal([50, 60, 50])
    await driver.close()
  })

  it("should not move the partition's time by a record that is refused as dated ahead", async () => {
    const said = echo({ ...byValue, invalidTimestamps: 'partition-time' })
    const driver = await testDriver(said, { futureTolerance: 100 })
    for (const at of [50, 101, null, 100, null]) {
      await driver.pipe('in', { key: 'a', value: { at }, timestamp: 7 })
    }
    expect(times(shortened(driver))).to.deep.equal([50, 50, 100, 100])
    expect(lettersOf(driver)).to.deep.equal(['input: timestamp more than 100 ms ahead of the clock'])
    await driver.close()
  })

  it("should know the partition's time after a crash", async () => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-times-'))
    let driver: TestDriver | undefined
    try {
      driver = await testDriver(echo({ ...byValue, invalidTimestamps: 'partition-time' }), {
        stores: { dir },
      })
      await driver.pipe('in', { key: 'a', value: { at: 50 }, timestamp: 7 })
      await driver.crash()
      await driver.pipe('in', { key: 'a', value: { at: null }, timestamp: 7 })
      expect(times(shortened(driver))).to.deep.equal([50, 50])
    } finally {
      await driver?.close()
      rmSync(dir, { recursive: true })
    }
  })

  it('should refuse a record on which the extractor throws', async () => {
    const said = echo({
      timestamp: () => {
        throw new RangeError('no clock')
      },
    })
    expect((await driven(said, [reading(1)])).letters).to.deep.equal(['input: RangeError: no clock'])
  })
})

describe('source null values', () => {
  const records: Short[] = [
    ['a', null, 1],
    ['b', { at: 2 }, 2],
  ]

  it('should be dead letters, unless they pass', async () => {
    const refused = await driven(echo({}), records)
    expect(refused.out).to.deep.equal([['b', { at: 2 }, 2]])
    expect(refused.letters).to.deep.equal(['input: no value (tombstone)'])
    const passed = await driven(echo({ nullValues: 'pass' }), records)
    expect(passed.out).to.deep.equal(records)
    expect(passed.letters).to.deep.equal([])
  })
})
