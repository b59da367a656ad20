import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type TestDriverOptions, testDriver } from '../../lib/testing/index.ts'
import { seededRandom } from '../../lib/testing/random.ts'
import { type ForeignKeyVerb, joinedByReference, type Row, to } from './driven-foreign-key-join.ts'
import type { Into } from './driven-topics.ts'

/** What a foreign-key join of any kind comes to over several partitions; `keepsAlone`: rows that refer to nothing too. */
export function overSeveralPartitions(verb: ForeignKeyVerb, keepsAlone: boolean): void {
  describe('over several partitions', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-foreign-'))
    after(() => rmSync(folder, { recursive: true }))

    it('should come to the same rows in whatever order tasks run', async () => {
      let allStale = 0
      for (let seed = 1; seed <= 40; seed++) {
        const inputs = changes(seed)
        const { rows, stale } = await finalRows(verb, inputs, {
          partitions: 3,
          batch: 5,
          seed,
          materialize: seed % 2 === 0,
        })
        expect(rows, `seed ${seed}`).to.deep.equal(expected(keepsAlone, inputs))
        allStale += stale
      }
      // Otherwise nothing would have crossed.
      expect(allStale).to.be.greaterThan(0)
    })

    it('should come to the same rows after crashes', async () => {
      for (const guarantee of ['exactly-once', 'at-least-once'] as const) {
        for (let seed = 1; seed <= 2; seed++) {
          const inputs = changes(seed)
          let passed = 0
          const crash = () => ++passed % 37 === 0 && passed < 400
          const stores = { dir: mkdtempSync(join(folder, 'crash-')) }
          const { rows } = await finalRows(verb, inputs, {
            partitions: 3,
            batch: 5,
            seed,
            stores,
            crash,
            guarantee,
          })
          expect(rows, `${guarantee}, seed ${seed}`).to.deep.equal(expected(keepsAlone, inputs))
          expect(passed).to.be.greaterThan(37)
        }
      }
    })
  })
}

/** Changes of both sides at random, many of them back to what was there before. */
function changes(seed: number): Into[] {
  const random = seededRandom(seed)
  const pick = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  return Array.from({ length: 150 }, (_, time): Into => {
    const [key, reference] = [`left-${pick(1, 2, 3, 4, 5)}`, pick('p', 'q', 'r', 's', null)]
    if (random() < 0.4) return ['right', pick('p', 'q', 'r', 's'), pick('one', 'two', null), time]
    return ['left', key, random() < 0.2 ? null : to(reference, pick('x', 'y')), time]
  })
}

/** What is joined in the end, said plainly. */
function expected(keepsAlone: boolean, inputs: readonly Into[]): Record<string, string> {
  const newest = { left: new Map<string, Row | null>(), right: new Map<string, string | null>() }
  for (const [side, key, value] of inputs) newest[side as 'left'].set(key as string, value as never)
  const result: Record<string, string> = {}
  for (const [key, row] of newest.left) {
    const found = row === null || row.to === null ? null : (newest.right.get(row.to) ?? null)
    if (row !== null && (found !== null || keepsAlone)) result[key] = `${row.v}+${found}`
  }
  return result
}

async function finalRows(
  verb: ForeignKeyVerb,
  inputs: readonly Into[],
  { materialize = true, ...options }: TestDriverOptions & { materialize?: boolean },
): Promise<{ rows: Record<string, unknown>; stale: number }> {
  const driver = await testDriver(joinedByReference(verb, { materialize }), options)
  for (const [name, key, value, timestamp] of inputs) driver.write(name, { key, value, timestamp })
  await driver.work()
  const rows: Record<string, unknown> = {}
  for (const { key, value } of driver.read('out')) {
    if (value === null) delete rows[key as string]
    else rows[key as string] = value
  }
  const stale = driver.counters.get('joined', 'stale')
  await driver.close()
  return { rows, stale }
}
