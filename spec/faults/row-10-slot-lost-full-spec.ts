import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePorts } from '../../services/ports.ts'
import { startPostgres } from '../../services/postgres.ts'
import type { RunningServer } from '../../services/server.ts'
import { refusedUntilRecaptured } from './capture/refused-capture.ts'

describe('fault row 10: the replication slot is lost', () => {
  describe('dropped', () => {
    refusedUntilRecaptured({
      row: 10,
      fault: 'the slot was dropped',
      befall: (stage) => stage.dropSlot(),
      says: /replication slot \S+ is gone/,
    })
  })

  describe('its log thrown away: wal_status lost', () => {
    let dir: string
    let postgres: RunningServer
    before(async () => {
      dir = mkdtempSync(join(tmpdir(), 'millrace-capture-'))
      chmodSync(dir, 0o711)
      postgres = await startPostgres({ dir, port: (await freePorts(1))[0] })
    })
    refusedUntilRecaptured({
      row: 10,
      fault: 'the log of the slot was thrown away (max_slot_wal_keep_size 1 MB)',
      databaseUrl: () => `postgresql://postgres@${postgres.address}/postgres`,
      says: /lost its write-ahead log/,
      async befall(stage) {
        const client = await stage.client()
        await client.query("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
        await client.query('SELECT pg_reload_conf()')
        for (let i = 0; i < 4; i++) {
          await client.query("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1000000))")
          await client.query('SELECT pg_switch_wal()')
          await client.query('CHECKPOINT')
        }
      },
    })

    after(async () => {
      await postgres.stop()
      rmSync(dirname(postgres.dataDir), { recursive: true, force: true })
      rmSync(dir, { recursive: true, force: true })
    })
  })
})
