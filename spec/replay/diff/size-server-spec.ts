import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { postgresConnector } from '../../../connectors/postgres/sink/connector.ts'
import type { Broker } from '../../../lib/broker/broker.ts'
import { SILENT } from '../../../lib/log.ts'
import { createShadow } from '../../../lib/replay/create-shadow.ts'
import type { DiffReport } from '../../../lib/replay/diff/diff-report.ts'
import { applyTopology } from '../../support/environment.ts'
import { startMillrace } from '../../support/millrace.ts'
import { peakBytes } from '../../support/process-memory.ts'
import { createSpecDatabase, type SpecDatabase } from '../../support/spec-database.ts'
import { isFull } from '../size.ts'
import wide, { type Wide } from '../topologies/wide.ts'

const ROWS = isFull() ? 1_000_000 : 20_000
const FILE = 'spec/replay/topologies/wide.ts'
/** One in so many has another band in the shadow. */
const EVERY = 100
const NOON = Date.UTC(2026, 0, 1, 12)
/** Of what lives, whatever is compared: Node ends with "heap out of memory" beyond. */
const HEAP = '--max-old-space-size=96'
/** What it takes in all, that which is only waiting to be collected too. */
const MOST_BYTES = 600 << 20

describe(`the differences of a topic and a table of ${ROWS} rows each`, function () {
  this.timeout(600_000)
  const state = mkdtempSync(join(tmpdir(), 'millrace-diff-size-'))
  let database: SpecDatabase

  before(async () => {
    database = await createSpecDatabase()
    const broker = await openEmbeddedBroker({ dir: join(state, 'embedded', 'log') })
    const postgres = postgresConnector({ databaseUrl: database.url })
    const environment = { broker, sinks: { postgres }, lookups: {}, log: SILENT }
    await applyTopology(wide, environment)
    await createShadow({ topology: wide, application: wide.name, name: 'v2', environment })
    for (const [topic, table, moved] of [
      ['wide-out', 'wide', false],
      ['wide-out.v2', 'wide_v2', true],
    ] as const) {
      await writeRecords(broker, topic, moved)
      await database.database.query('fill', tableOf(table, moved))
    }
    await postgres.close()
    await broker.close()
  })

  after(async () => {
    await database?.drop()
    rmSync(state, { recursive: true })
  })

  it('should be found in bounded memory', async () => {
    const begun = Date.now()
    const diff = startMillrace(['replay', 'diff', 'v2', FILE, '--embedded', 'kafka', '--json'], {
      MILLRACE_STATE_DIR: state,
      DATABASE_URL: database.url,
      NODE_OPTIONS: HEAP,
    })
    let peak = 0
    const look = setInterval(() => {
      try {
        // Nothing is said of a process that is ending.
        peak = Math.max(peak, peakBytes(diff.pid) || 0)
      } catch {
        // It has just ended.
      }
    }, 50)
    const { code, stdout, stderr } = await diff.ended
    clearInterval(look)
    expect(code, stderr).to.equal(4)
    const { sinks }: DiffReport = JSON.parse(stdout)
    for (const sink of ['topic wide-out', 'table wide']) {
      const moved = ROWS / EVERY
      expect(sinks.find((one) => one.sink === sink)).to.deep.include({
        ...{ live: ROWS, shadow: ROWS, same: ROWS - moved, added: 0, missing: 0, changed: moved },
        fields: { band: moved },
      })
    }
    const seconds = (Date.now() - begun) / 1000
    console.log(`      ${ROWS} rows twice: ${seconds.toFixed(1)} s, at most ${peak >> 20} MiB`)
    expect(peak).to.be.within(1, MOST_BYTES)
  })
})

function rowAt(n: number, moved: boolean): Wide {
  return {
    id: idOf(n),
    name: `name of number ${n}`,
    email: `someone.called.${n}@example.com`,
    city: `city ${n % 1000}`,
    note: 'n'.repeat(200),
    age: n % 100,
    band: moved && n % EVERY === 0 ? 'moved' : `band ${n % 7}`,
    registered: NOON + n,
    latitude: (n % 180) - 90 + 0.25,
  }
}

/** Of the length of a uuid. */
function idOf(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
}

async function writeRecords(broker: Broker, topic: string, moved: boolean): Promise<void> {
  const producer = await broker.producer({})
  const round = 10_000
  for (let from = 0; from < ROWS; from += round) {
    await producer.send(
      Array.from({ length: round }, (_, index) => ({
        topic,
        key: Buffer.from(idOf(from + index)),
        value: Buffer.from(JSON.stringify(rowAt(from + index, moved))),
        timestamp: NOON + from + index,
        headers: [],
      })),
    )
  }
  await producer.close()
}

/** The same rows. */
function tableOf(table: string, moved: boolean): string {
  const band = moved
    ? `case when n % ${EVERY} = 0 then 'moved' else 'band ' || n % 7 end`
    : `'band ' || n % 7`
  return `insert into ${table} (id, name, email, city, note, age, band, registered, latitude, write_clock)
    select '00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), 'name of number ' || n,
      'someone.called.' || n || '@example.com', 'city ' || n % 1000, repeat('n', 200), n % 100, ${band},
      to_timestamp((${NOON} + n) / 1000.0), n % 180 - 90 + 0.25, n
    from generate_series(0, ${ROWS - 1}) as n`
}
