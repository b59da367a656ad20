import { refusedUntilRecaptured } from './capture/refused-capture.ts'

describe('fault row 11: the replication slot is ahead of the stored position', () => {
  refusedUntilRecaptured({
    row: 11,
    fault: 'the slot was advanced behind our back',
    says: /advanced to [0-9A-F]+\/[0-9A-F]+ behind our back/,
    async befall(stage) {
      const client = await stage.client()
      await client.query('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [stage.spec.slot])
    },
  })
})
