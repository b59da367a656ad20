import { expect } from 'chai'
import type { IngestRun } from '../../../connectors/postgres/staging/ingest-run.ts'
import { historyTable } from '../../../lib/cli/ingest/history.ts'

const STARTED = new Date('2026-11-22T10:05:00.250Z')

const run = (given: Partial<IngestRun>): IngestRun => ({
  runId: '2026-11-22T10:05:00.000Z',
  runType: 'scheduled',
  logicalTime: new Date('2026-11-22T10:05:00Z'),
  dueAt: new Date('2026-11-22T10:05:00Z'),
  state: 'succeeded',
  attempts: 1,
  source: 'http://127.0.0.1/api/',
  seed: 'millrace',
  firstPage: 7,
  pageSize: 500,
  pages: 1,
  pagesDone: 1,
  requested: 500,
  fetched: 500,
  staged: 500,
  duplicates: 0,
  asText: 0,
  retries: 0,
  error: null,
  startedAt: STARTED,
  finishedAt: new Date(STARTED.getTime() + 1_630),
  ...given,
})

const RUNS = [
  run({ state: 'failed', attempts: 4, error: `gave no page\n${'x'.repeat(300)}`, fetched: 0, staged: 0 }),
  run({ pages: 3, firstPage: 4, runType: 'manual', dueAt: null }),
  run({ state: 'skipped', attempts: 0, fetched: 0, staged: 0 }),
]

describe('ingest history', () => {
  it('should show all of each run where nothing limits it', () => {
    const [header, failed, manual, skipped] = historyTable(RUNS).split('\n')
    expect(header).to.match(/^run +type +due +state +attempts .*seconds +error$/)
    expect(failed).to.match(
      /^2026-11-22T10:05:00.000Z +scheduled +2026-11-22 10:05Z +failed +4 +7 .*1.6 +gave no page x{300}$/,
    )
    expect(manual).to.match(/manual +succeeded +1 +4-6 +500 +500 +0 +0 +2026-11-22 10:05Z +1.6$/)
    expect(skipped).to.match(/skipped +0 +0 +0 +0 +0$/)
  })

  for (const width of [60, 80, 100, 120, 200]) {
    it(`should fit into a terminal of ${width}, with state, interval and error`, () => {
      const lines = historyTable(RUNS, width).split('\n')
      expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(width)
      expect(lines[0]).to.include('due').and.include('state').and.include('error')
      expect(lines[1]).to.include('2026-11-22 10:05Z').and.include('gave no page').and.match(/x…$/)
    })
  }
})
