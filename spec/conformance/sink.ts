import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import type { Resource, Sink, SinkRow } from '../../lib/ports.ts'

/**
 * A table named by the harness with the columns `country` text and `id` text (the primary key), `name` text and
 * `size` int, and what the suite asks of its server. `name` and `size` may be null.
 */
export interface SinkHarness {
  /** Another sink on the same table, of step `rows`; not prepared. */
  open(): Promise<Sink>
  resources(): readonly Resource[]
  /** All rows, read past the sink. */
  rows(): Promise<readonly ConformanceRow[]>
  /** Raises the application's generation by one. */
  raiseGeneration(): Promise<unknown>
  /** Ends what `openHarness` began, the table included. */
  close(): Promise<void>
}

export interface ConformanceRow {
  readonly country: string
  readonly id: string
  readonly name: string | null
  readonly size: number | null
}

const never = new AbortController().signal
const NOON = Date.UTC(2026, 0, 1, 12)

let offset = 0

/** A row of country NO unless stated. Without fields beside the key: a deletion. */
function row(id: string, timestamp: number, fields?: Record<string, unknown>): SinkRow {
  const key = { country: 'NO', id }
  return {
    value: fields === undefined ? null : { ...key, ...fields },
    key,
    timestamp,
    headers: [],
    origin: { topic: 'users.raw', partition: 3, offset: offset++ },
  }
}

/** What every sink promises, on a real server. */
export function sinkConformance(name: string, openHarness: () => Promise<SinkHarness>): void {
  describe(`${name}, as a sink`, () => {
    let harness: SinkHarness
    let sink: Sink

    before(async () => {
      harness = await openHarness()
      for (const resource of harness.resources()) await resource.create()
      sink = await harness.open()
      await sink.prepare()
    })

    after(async () => {
      await sink?.close()
      await harness?.close()
    })

    const found = async (id: string) => (await harness.rows()).find((one) => one.id === id)

    it('should find present what apply has created, and create it twice without harm', async () => {
      for (const resource of harness.resources()) {
        await resource.create()
        expect(await resource.inspect(), resource.name).to.equal('present')
      }
    })

    it('should write nothing for no rows', async () => {
      await sink.write([], never)
    })

    it('should write rows with all their columns', async () => {
      await sink.write([row('all', NOON, { name: 'Ada', size: 1 })], never)
      expect(await found('all')).to.deep.equal({ country: 'NO', id: 'all', name: 'Ada', size: 1 })
    })

    it('should keep rows that differ in any part of the primary key apart', async () => {
      const one = row('apart', NOON, { name: 'one', size: 1 })
      const value = { country: 'SE', id: 'apart', name: 'other', size: 2 }
      await sink.write([one, { ...one, value, key: value }], never)
      const names = (await harness.rows()).filter(({ id }) => id === 'apart').map(({ name }) => name)
      expect(names).to.have.members(['one', 'other'])
    })

    it('should let the newest clock win whatever the order of writes', async () => {
      const rows = [2, 3, 1].map((ms) => row('newest', NOON + ms, { name: `at ${ms}`, size: ms }))
      for (const one of rows) await sink.write([one], never)
      expect(await found('newest')).to.include({ name: 'at 3', size: 3 })
    })

    it('should let the newest clock win whatever the order within a batch', async () => {
      const rows = [2, 3, 1].map((ms) => row('newest-in-batch', NOON + ms, { name: `at ${ms}`, size: ms }))
      await sink.write(rows, never)
      expect(await found('newest-in-batch')).to.include({ name: 'at 3', size: 3 })
    })

    it('should let the later of equal clocks win within a batch, as a whole row', async () => {
      const larger = row('equal', NOON, { name: 'zzz', size: 1 })
      const later = row('equal', NOON, { name: 'aaa', size: null })
      await sink.write([larger, later], never)
      expect(await found('equal')).to.deep.equal({ country: 'NO', id: 'equal', name: 'aaa', size: null })
    })

    it('should let a row follow a deletion of equal clock within a batch', async () => {
      await sink.write([row('again', NOON), row('again', NOON, { name: 'back', size: 1 })], never)
      expect(await found('again')).to.include({ name: 'back' })
    })

    it('should delete', async () => {
      await sink.write([row('deleted', NOON, { name: 'Ada', size: 1 })], never)
      await sink.write([row('deleted', NOON + 1)], never)
      expect(await found('deleted')).to.equal(undefined)
    })

    it('should not bring back what was deleted when an older row is replayed', async () => {
      await sink.write([row('stays-deleted', NOON + 1)], never)
      await sink.write([row('stays-deleted', NOON, { name: 'Ada', size: 1 })], never)
      expect(await found('stays-deleted')).to.equal(undefined)
    })

    it('should not let an older deletion remove a newer row', async () => {
      await sink.write([row('kept', NOON + 1, { name: 'Ada', size: 1 })], never)
      await sink.write([row('kept', NOON)], never)
      expect(await found('kept')).to.include({ name: 'Ada', size: 1 })
    })

    it('should let null and absent fields clear older values', async () => {
      await sink.write([row('cleared', NOON, { name: 'Ada', size: 1 })], never)
      await sink.write([row('cleared', NOON + 1, { name: null })], never)
      expect(await found('cleared')).to.deep.equal({ country: 'NO', id: 'cleared', name: null, size: null })
    })

    it('should change nothing when older rows are replayed', async () => {
      const history = [1, 2, 3].map((ms) => row('replayed', NOON + ms, { name: `at ${ms}`, size: ms }))
      await sink.write(history, never)
      const before = await harness.rows()
      for (const one of history) await sink.write([one], never)
      expect(await harness.rows()).to.have.deep.members([...before])
    })

    it('should let a raised generation overwrite equal record times, and nothing newer', async () => {
      await sink.write([row('raised', NOON, { name: 'zzz', size: 9 })], never)
      await sink.write([row('raised-newer', NOON + 1, { name: 'newer', size: 9 })], never)
      await harness.raiseGeneration()
      await sink.prepare()
      await sink.write([row('raised', NOON, { name: 'aaa', size: null })], never)
      await sink.write([row('raised-newer', NOON, { name: 'older', size: 1 })], never)
      expect(await found('raised')).to.include({ name: 'aaa', size: null })
      expect(await found('raised-newer')).to.include({ name: 'newer' })
    })

    it('should take many rows from several writers at a time', async () => {
      const other = await harness.open()
      await other.prepare()
      const batches = Array.from({ length: 8 }, (_, batch) =>
        Array.from({ length: 250 }, (_, i) =>
          row(`many-${i}`, NOON + batch, { name: `of ${batch}`, size: i }),
        ),
      )
      await Promise.all(batches.map((batch, i) => (i % 2 ? sink : other).write(batch, never)))
      await other.close()
      const many = (await harness.rows()).filter(({ id }) => id.startsWith('many-'))
      expect(many).to.have.length(250)
      expect(many.filter(({ name }) => name !== 'of 7')).to.deep.equal([])
    })

    it('should reject with the reason of a signal that has aborted, and write nothing', async () => {
      const reason = new Error('revoked')
      const rejected = await failureOf(
        sink.write([row('aborted', NOON, { name: 'x', size: 1 })], AbortSignal.abort(reason)),
      )
      expect(rejected).to.equal(reason)
      expect(await found('aborted')).to.equal(undefined)
    })

    const refusals: [string, Record<string, unknown>][] = [
      ['a value of another type', { name: 'secret-value', size: 'secret-value' }],
      ['a number out of range', { name: 'secret-value', size: 2 ** 40 }],
      ['a null in the primary key', { id: null, name: 'secret-value', size: 1 }],
    ]
    for (const [what, fields] of refusals) {
      it(`should refuse ${what} with WRITE, naming step and origin but no value`, async () => {
        const bad = row('refused', NOON, fields)
        const error = await failureOf(
          sink.write([row('beside', NOON, { name: 'good', size: 1 }), bad], never),
        )
        expect(error).to.be.instanceOf(MillraceError)
        expect(error).to.include({ code: 'WRITE', retriable: false })
        expect((error as MillraceError).at).to.deep.include({ step: 'rows', ...bad.origin })
        expect(String(error)).to.include(`users.raw/3/${bad.origin.offset}`).and.not.include('secret-value')
      })
    }

    it('should name every row of a batch that it refuses, and write the others without them', async () => {
      const rows = Array.from({ length: 40 }, (_, i) =>
        row(`among-${i}`, NOON, { name: 'secret-value', size: i % 13 === 5 ? 2 ** 40 : i }),
      )
      const error = await failureOf(sink.write(rows, never))
      expect(error).to.include({ code: 'WRITE' })
      const refused = (error as MillraceError).errors.map(({ at }) => at.offset)
      expect(refused).to.deep.equal([5, 18, 31].map((i) => rows[i]!.origin.offset))
      await sink.write(
        rows.filter(({ origin }) => !refused.includes(origin.offset)),
        never,
      )
      const among = (await harness.rows()).filter(({ id }) => id.startsWith('among-'))
      expect(among).to.have.length(37)
    })

    it('should refuse a row without a record time', async () => {
      const error = await failureOf(sink.write([row('untimed', -1, { name: 'x', size: 1 })], never))
      expect(error).to.include({ code: 'WRITE' })
    })
  })
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('it should have been rejected'),
    (error: unknown) => error,
  )
}
