import { expect } from 'chai'
import type { FoundRow, RowRepair, Sink, SinkConnector, SinkRow } from '../../lib/ports.ts'
import type { Columns, TableTarget } from '../../lib/table/table.ts'
import { mendRow, type Should } from '../../lib/verify/mend.ts'

/** The table's columns; the primary key is `country`, `day` and `start`. */
export const REPAIRED = {
  country: 'text',
  day: 'date',
  start: 'timestamp',
  id: 'uuid',
  name: 'text',
  size: 'bigint',
} as const satisfies Columns

export interface RepairHarness {
  readonly connector: SinkConnector
  readonly target: TableTarget
  close(): Promise<void>
}

const context = { application: 'repair', step: 'rows' }
const never = new AbortController().signal
const NOON = Date.UTC(2026, 0, 1, 12)
const ID = '0a000000-0000-4000-8000-00000000000a'
const origin = { topic: 'users.raw', partition: 0, offset: 0 }

/** What a repair of single rows promises, on a real server. */
export function rowRepairConformance(name: string, openHarness: () => Promise<RepairHarness>): void {
  describe(`${name}, mended row by row`, () => {
    let harness: RepairHarness
    let sink: Sink
    let repair: RowRepair

    before(async () => {
      harness = await openHarness()
      const { connector, target } = harness
      for (const resource of connector.resources(target, context)) await resource.create()
      sink = await connector.open(target, context)
      await sink.prepare()
      repair = await connector.repair!(target, context)
    })

    after(() => harness?.close())

    const keyOf = (country: string) => [country, 20_454, NOON + 1]
    const fieldsOf = (country: string, fields: { name?: string | null; size?: number | null } = {}) => {
      const [, day, start] = keyOf(country)
      return { country, day, start, id: ID, name: 'Ada', size: 2 ** 40, ...fields }
    }
    const write = (
      country: string,
      timestamp: number,
      fields?: { name?: string | null; size?: number | null },
    ) => send({ value: fieldsOf(country, fields), key: null, timestamp, headers: [], origin })
    const remove = (country: string, timestamp: number) =>
      send({ value: null, key: fieldsOf(country), timestamp, headers: [], origin })
    const send = (row: SinkRow) => sink.write([row], never)
    const found = (country: string): Promise<FoundRow> => repair.readRow(keyOf(country))
    const mend = (country: string, should: Should) => mendRow(repair, keyOf(country), should)
    const should = (country: string, timestamp: number): Should => ({ value: fieldsOf(country), timestamp })

    it('should read a row with its largest clock, and say where there is none', async () => {
      await write('reads', NOON, { name: null })
      expect(await found('reads')).to.deep.equal({
        value: fieldsOf('reads', { name: null }),
        clock: NOON * 1000 + repair.generation,
      })
      expect(await found('nowhere')).to.deep.equal({ value: null, clock: null })
    })

    it("should write a row that was never there at its record's clock", async () => {
      expect(await mend('new', should('new', NOON))).to.deep.equal({
        outcome: 'mended',
        how: "written at its record's clock",
      })
      expect(await found('new')).to.deep.equal({ value: fieldsOf('new'), clock: NOON * 1000 })
    })

    it('should write a row anew that a later deletion hides', async () => {
      await write('deleted', NOON)
      await remove('deleted', NOON + 60_000)
      const { outcome, how } = await mend('deleted', should('deleted', NOON))
      expect([outcome, (await found('deleted')).value]).to.deep.equal(['mended', fieldsOf('deleted')])
      expect(how).to.match(/clock/)
    })

    it('should write one above a newer cell, so that a later record still wins', async () => {
      await write('changed', NOON)
      await write('changed', NOON + 60_000, { name: 'Eve', size: null })
      expect(await mend('changed', should('changed', NOON))).to.deep.equal({
        outcome: 'mended',
        how: 'written one above the clock of its newest cell',
      })
      const clock = (NOON + 60_000) * 1000 + 1
      expect(await found('changed')).to.deep.equal({ value: fieldsOf('changed'), clock })
      await write('changed', NOON + 60_001, { name: 'Bea' })
      expect((await found('changed')).value).to.include({ name: 'Bea' })
    })

    it('should delete a row too many, so that what is later may come back', async () => {
      await write('stranger', NOON)
      expect(await mend('stranger', { value: null, timestamp: 0 })).to.deep.equal({
        outcome: 'mended',
        how: 'deleted at the time of its newest cell',
      })
      expect((await found('stranger')).value).to.equal(null)
      await write('stranger', NOON + 1)
      expect((await found('stranger')).value).to.deep.equal(fieldsOf('stranger'))
    })

    it('should leave alone what is as it should be', async () => {
      await write('right', NOON + 5)
      const { how } = await mend('right', should('right', NOON))
      expect(how).to.equal('it is as it should be by now')
      expect((await found('right')).clock).to.equal((NOON + 5) * 1000)
    })

    it('should say why it leaves a row that the server can not hold, without its values', async () => {
      const value = { ...fieldsOf('unfit'), id: 'secret-value' }
      const { outcome, how } = await mend('unfit', { value, timestamp: NOON })
      expect(outcome).to.equal('left')
      expect(how).to.include('column "id"').and.not.include('secret-value')
    })
  })
}
