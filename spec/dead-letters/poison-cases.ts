import { expect } from 'chai'
import type { Expected } from '../e2e/expected-rows.ts'
import { differences, type Row } from '../e2e/stored-rows.ts'
import { isFull } from '../replay/size.ts'
import { untilCaptured } from '../support/captured.ts'
import { type MillraceProcess, millrace, runMillrace, startMillrace } from '../support/millrace.ts'
import { until } from '../support/until.ts'
import { POISON, poisoned, type StagedUser } from './poison.ts'

const USERS = isFull() ? 100_000 : 3_000
const INSIGHTS = 'spec/dead-letters/topologies/insights.ts'
/** A minute that is over. */
const SINCE = Date.now() - (Date.now() % 60_000) - 120_000

const STREAMING = "SELECT FROM pg_replication_slots WHERE slot_name = 'millrace_users_raw' AND active"

/** A pipeline, and what plain clients see of it. */
export interface PoisonedPipeline {
  readonly env: Readonly<Record<string, string>>
  sql<R>(text: string, values?: readonly unknown[]): Promise<R[]>
  /** Of a table, by its key. */
  rows(table: string, key: readonly string[]): Promise<ReadonlyMap<string, Row>>
  /** What an oracle makes of what is staged. */
  expected(): Promise<Expected>
  /** All that is committed in a topic. */
  records(topic: string): Promise<readonly PlacedKey[]>
  stop(): Promise<void>
}

export interface PlacedKey {
  readonly key: Buffer | null
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
}

interface Group {
  readonly fingerprint: string
  readonly step: string
  readonly count: number
  readonly redriven: number
}

export function poisonCases(where: string, open: () => Promise<PoisonedPipeline>): void {
  describe(`100 poison records among ${USERS}, ${where}`, function () {
    this.timeout(600_000)
    let pipeline: PoisonedPipeline
    let running: MillraceProcess | undefined
    let broken: Record<string, string>
    let fixed: Record<string, string>

    before(async () => {
      pipeline = await open()
      broken = { ...pipeline.env }
      fixed = { ...pipeline.env, SPEC_FIXED: 'yes' }
      await millrace(['apply'], broken)
      await stage(poisoned(USERS, SINCE))
      const capture = startMillrace(['capture'], broken)
      await capture.printed(/"running"/)
      await until('capture is behind its snapshot', async () => (await pipeline.sql(STREAMING)).length > 0)
      await untilCaptured(pipeline)
      capture.kill('SIGTERM')
      expect((await capture.ended).code).to.equal(0)
      await millrace(['run', INSIGHTS, '--until-caught-up'], broken)
    })

    after(async () => {
      running?.kill('SIGKILL')
      await pipeline?.stop()
    })

    it('should group them by step and kind of reason', async () => {
      expect(await groups('users.raw.dlq')).to.deep.equal({ 'users-raw': POISON.capture })
      const { check, map, future } = POISON
      expect(await groups(INSIGHTS)).to.deep.equal({ identified: check, cleanse: map, users: future })
    })

    it('should show one, without personal data unless it is asked for', async () => {
      const { groups } = await listed(INSIGHTS)
      const { fingerprint } = groups.find(({ step }) => step === 'cleanse')!
      const shown = await millrace(['dlq', 'show', INSIGHTS, fingerprint], broken)
      expect(shown)
        .to.match(/^record +users\.raw\/\d+\/\d+$/m)
        .and.to.include('"email": "text of ')
      const value = JSON.parse(
        await millrace(['dlq', 'show', INSIGHTS, fingerprint, '--show-values', '--json'], broken),
      )
      expect(value.value.login.username).to.match(/^map-\d+$/)
    })

    it('should, once all is mended, redrive them beside the running application, to the rows of a clean run', async () => {
      running = startMillrace(['run', INSIGHTS], fixed)
      await running.printed(/assigned/)
      await mend(poisoned(USERS, SINCE))
      const captured = await redriven('users.raw.dlq', '--all')
      expect(captured).to.include({ due: POISON.capture, redriven: POISON.capture, refused: 0 })
      await passed()
      const { groups } = await listed(INSIGHTS)
      const { fingerprint } = groups.find(({ step }) => step === 'identified')!
      expect(await redriven(INSIGHTS, '--group', fingerprint)).to.include({
        redriven: POISON.check,
        refused: 0,
      })
      expect(await redriven(INSIGHTS, '--all')).to.include({
        redriven: POISON.map + POISON.future,
        refused: 0,
      })
      expect(await redriven(INSIGHTS, '--all')).to.include({ selected: 80, due: 0 })
      running.kill('SIGTERM')
      expect((await running.ended).code).to.equal(0)
      await passed()
      await shouldBeClean()
    })

    it('should have them all listed as redriven, and nothing left to do', async () => {
      const all = [...(await listed(INSIGHTS)).groups, ...(await listed('users.raw.dlq')).groups]
      expect(all.filter(({ count, redriven }) => count !== redriven)).to.deep.equal([])
      const again = await runMillrace(['dlq', 'redrive', INSIGHTS, '--all', '--yes'], fixed)
      expect(again.code, again.stderr).to.equal(0)
      expect(again.stdout).to.include('nothing was redriven')
    })

    async function shouldBeClean(): Promise<void> {
      const clean = await pipeline.expected()
      expect(clean.refused).to.deep.equal([])
      expect(clean.usersById.size).to.equal(USERS)
      const usersById = await pipeline.rows('users_by_id', ['user_id'])
      expect(differences(clean.usersById, usersById, ['source'])).to.deep.equal([])
      const byCountry = await pipeline.rows('users_by_country', ['country_code', 'user_id'])
      expect(differences(clean.usersByCountry, byCountry)).to.deep.equal([])
      const counts = await pipeline.rows('user_counts_by_country', ['country_code', 'day', 'window_start'])
      expect(differences(clean.countsByCountry, counts)).to.deep.equal([])
      const insights = await pipeline.records('users.insights')
      const keys = new Set(insights.map((one) => String(one.key)))
      expect([insights.length, keys.size]).to.deep.equal([USERS, USERS])
      const raw = await pipeline.records('users.raw')
      const origins = new Map(
        raw.map((one) => [`users.raw/${one.partition}/${one.offset}`, `${one.key} ${one.timestamp}`]),
      )
      const wrong = [...usersById.values()].filter(
        ({ user_id, fetched_at, source }) => origins.get(String(source)) !== `${user_id} ${fetched_at}`,
      )
      expect(wrong).to.deep.equal([])
    }

    async function listed(whose: string): Promise<{ readonly groups: readonly Group[] }> {
      return JSON.parse(await millrace(['dlq', 'ls', whose, '--json'], fixed))
    }

    async function groups(whose: string): Promise<Record<string, number>> {
      return Object.fromEntries((await listed(whose)).groups.map(({ step, count }) => [step, count]))
    }

    async function redriven(...args: string[]) {
      return JSON.parse(await millrace(['dlq', 'redrive', ...args, '--yes', '--json'], fixed))
    }

    /** All that is in the application's inputs by now. */
    async function passed(): Promise<void> {
      await millrace(['run', INSIGHTS, '--until-caught-up'], fixed)
    }

    async function stage(users: readonly StagedUser[]): Promise<void> {
      for (let at = 0; at < users.length; at += 5000) {
        const page = users.slice(at, at + 5000)
        await pipeline.sql(
          `INSERT INTO staging.random_users (run_id, payload, fetched_at)
         SELECT 'poisoned', payload::jsonb, to_timestamp(at / 1000.0)
         FROM unnest($1::text[], $2::float8[]) WITH ORDINALITY AS staged (payload, at, place) ORDER BY place`,
          [page.map(({ payload }) => JSON.stringify(payload)), page.map(({ fetchedAt }) => fetchedAt)],
        )
      }
    }

    async function mend(users: readonly StagedUser[]): Promise<void> {
      for (const { mended } of users) {
        if (mended === undefined) continue
        const rows = await pipeline.sql(
          'UPDATE staging.random_users SET payload = $1::jsonb WHERE user_uuid = $2 RETURNING id',
          [JSON.stringify(mended), mended.login.uuid],
        )
        expect(rows).to.have.length(1)
      }
    }
  })
}
