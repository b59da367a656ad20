import { expect } from 'chai'
import { parseLsn } from '../../../../connectors/postgres/capture/lsn.ts'
import type { StoredPosition } from '../../../../connectors/postgres/capture/position.ts'
import { lossBy, type SlotState } from '../../../../connectors/postgres/capture/slot.ts'

describe('slot check', () => {
  const owner = { name: 'users', table: 'staging.users', slot: 'users_slot' }
  const server = { database: 'db', system: '7', walEnd: parseLsn('0/9000') }
  const slot: SlotState = {
    plugin: 'pgoutput',
    database: 'db',
    confirmed: parseLsn('0/500'),
    walStatus: 'reserved',
    activePid: null,
  }
  const stored: StoredPosition = {
    slot: 'users_slot',
    source: 'staging.users',
    lsn: parseLsn('0/500'),
    snapshot: 'done',
    system: '7',
  }

  it('should pass a slot at or behind the stored position', () => {
    expect(lossBy(owner, slot, stored, server)).to.equal(undefined)
    expect(lossBy(owner, { ...slot, confirmed: parseLsn('0/4FF') }, stored, server)).to.equal(undefined)
  })

  const refused: [string, SlotState | undefined, Partial<StoredPosition>, RegExp][] = [
    ['a slot that is gone', undefined, {}, /slot users_slot is gone/],
    ['a slot of another plugin', { ...slot, plugin: 'wal2json' }, {}, /another plugin or database/],
    ['a slot of another database', { ...slot, database: 'other' }, {}, /another plugin or database/],
    ['a slot whose log was removed', { ...slot, walStatus: 'lost' }, {}, /wal_status lost/],
    [
      'a slot that is ahead',
      { ...slot, confirmed: parseLsn('0/501') },
      {},
      /advanced to 0\/501 .* up to 0\/500/,
    ],
    ['a position of another cluster', slot, { system: '8' }, /another PostgreSQL cluster/],
    ['a position beyond the log', slot, { lsn: parseLsn('0/9001') }, /0\/9001 lies beyond .* 0\/9000/],
    ['a position of another slot', slot, { slot: 'old' }, /belongs to slot old/],
    ['a position of another table', slot, { source: 'staging.old' }, /of staging\.old/],
  ]
  for (const [what, state, position, reason] of refused) {
    it(`should refuse ${what}, with table and cure`, () => {
      const loss = lossBy(owner, state, { ...stored, ...position }, server)
      expect(loss).to.match(reason)
      expect(loss).to.match(/rows of staging\.users may be missing.*millrace apply --recapture users$/)
    })
  }

  it('should not mind where the slot is while the snapshot is still to come', () => {
    const pending: StoredPosition = { ...stored, snapshot: 'pending' }
    expect(lossBy(owner, { ...slot, confirmed: parseLsn('0/600') }, pending, server)).to.equal(undefined)
    expect(lossBy(owner, { ...slot, walStatus: 'lost' }, pending, server)).to.match(/wal_status lost/)
  })
})
