import { expect } from 'chai'
import { lossBy } from '../../../../connectors/postgres/capture/loss.ts'
import { parseLsn } from '../../../../connectors/postgres/capture/lsn.ts'
import type { StoredPosition } from '../../../../connectors/postgres/capture/position.ts'
import type { SlotState } from '../../../../connectors/postgres/capture/slot.ts'

describe('loss', () => {
  const owner = {
    name: 'users',
    table: 'staging.users',
    slot: 'users_slot',
    publication: 'users_publication',
  }
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
    published: '1/2/3',
  }

  function loss(found: SlotState | undefined, position: StoredPosition): string | undefined {
    return lossBy(owner, position, { slot: found, server, published: '1/2/3' })
  }

  it('should pass a slot at or behind the stored position', () => {
    expect(loss(slot, stored)).to.equal(undefined)
    expect(loss({ ...slot, confirmed: parseLsn('0/4FF') }, stored)).to.equal(undefined)
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
    ['a publication made anew', slot, { published: '4/5/3' }, /users_publication or table .* was made anew/],
    ['a position of another table', slot, { source: 'staging.old' }, /of staging\.old/],
  ]
  for (const [what, state, position, reason] of refused) {
    it(`should refuse ${what}, with table and cure`, () => {
      const text = loss(state, { ...stored, ...position })
      expect(text).to.match(reason)
      expect(text).to.match(/rows of staging\.users may be missing.*millrace apply --recapture users$/)
    })
  }

  it('should not mind where the slot is while the snapshot is still to come', () => {
    const pending: StoredPosition = { ...stored, snapshot: 'pending' }
    expect(loss({ ...slot, confirmed: parseLsn('0/600') }, pending)).to.equal(undefined)
    expect(loss({ ...slot, walStatus: 'lost' }, pending)).to.match(/wal_status lost/)
  })
})
