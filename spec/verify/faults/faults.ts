import { expect } from 'chai'
import { startRandomUserServer } from '../../../connectors/http/random-user-server.ts'
import type { Broker } from '../../../lib/broker/broker.ts'
import type { RawRecord } from '../../../lib/record.ts'
import type { Report } from '../../../lib/verify/report.ts'
import type { UserCount } from '../../../schemas/user-count.ts'
import { lateUsers, userCounts, userCountsByCountry } from '../../../topologies/insight/counts.ts'
import { usersByCountry, usersById } from '../../../topologies/insight/tables.ts'
import { userInsights } from '../../../topologies/user-insights.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'
import type { ApiUser } from '../../e2e/recorded.ts'
import { runMillrace, startMillrace } from '../../support/millrace.ts'
import { until } from '../../support/until.ts'
import { type Breaking, breaking } from './breaking.ts'
import { another, people, uuidOf } from './people.ts'
import type { FaultStage, PlainRow } from './stage.ts'

const MINUTE = 60_000
const STRANGER = uuidOf('nobody knows')

/** One of each fault at every hop of the pipeline; `users` of them. */
export function namesAndMends(where: string, openStage: () => Promise<FaultStage>, users: number): void {
  describe(`verify among ${users.toLocaleString('en')} users with faults at every hop, ${where}`, function () {
    this.timeout(1_800_000)
    let stage: FaultStage
    let broken: Breaking
    let broker: Broker
    /** `kind hop key` of all that is wrong, and of those that are mended. */
    const wrong = new Set<string>()
    const mendable = new Set<string>()
    const longAgo = new Set<string>()
    const duplicated = new Set<string>()
    /** Rows as they were before, by table and key. */
    const whole: { table: string; key: Record<string, string>; row: PlainRow | undefined }[] = []
    let turning: Date

    before(async () => {
      stage = await openStage()
      const all = people(users)
      await ingest([
        ...all,
        { ...all[0], login: null },
        { ...all[0], login: { ...all[0]!.login, uuid: uuidOf('x') }, email: '' },
      ])
      const at = await stage.open()
      broker = at.broker
      broken = await breaking(at)
      await skipSome(broker, all)
      await breakTopicsThatAreRead(all)
      await millrace('run', 'topologies/user-insights.ts', '--until-caught-up')
      await breakTheRest(all)
    })

    after(async () => {
      await broken?.close()
      await stage?.stop()
    })

    const millrace = async (...args: string[]) => {
      const ended = await runMillrace([...args, ...stage.flags], stage.env)
      expect(ended.code, ended.stdout + ended.stderr).to.equal(0)
    }
    const verify = async (...args: string[]): Promise<Report> => {
      const { stdout, stderr } = await runMillrace(['verify', '--json', ...args, ...stage.flags], stage.env)
      expect(stdout, stderr).to.match(/^\{/)
      return JSON.parse(stdout)
    }

    async function ingest(elements: readonly unknown[]): Promise<void> {
      const api = await startRandomUserServer({ elements })
      const pages = Math.ceil(elements.length / 5000)
      const size = Math.ceil(elements.length / pages)
      const env = { ...stage.env, RANDOM_USER_URL: api.url, RANDOM_USER_RESULTS: String(size) }
      try {
        for (let page = 0; page < pages; page++) {
          const command = page === pages - 1 ? ['up', '--once'] : ['ingest', '--once']
          if (page === 0) await millrace('apply')
          const ended = await runMillrace([...command, ...stage.flags], env)
          expect(ended.code, ended.stdout + ended.stderr).to.equal(0)
        }
      } finally {
        await api.close()
      }
    }

    /** Positions moved beyond records that nobody has processed, of users fetched ten minutes before all others. */
    async function skipSome({ admin, upkeep }: Broker, [first]: readonly ApiUser[]) {
      const [row] = await broken.database.query<{ first: Date }>(
        'find the first user',
        'SELECT min(fetched_at) AS first FROM staging.random_users',
      )
      const then = new Date(Math.floor((row!.first.getTime() - 10 * MINUTE) / MINUTE) * MINUTE)
      turning = new Date(then.getTime() + 5 * MINUTE)
      const skipped = [another(first!, 'skipped'), another(first!, 'skipped too')]
      for (const [index, user] of skipped.entries()) {
        await broken.stage('skipped', user, new Date(then.getTime() + index))
      }
      await broken.stage('skipped', { ...another(first!, 'poison'), email: '' }, then)
      await capture()
      const ends = (await admin.offsets(usersRaw.name)).map(({ partition, end }) => {
        return { topic: usersRaw.name, partition, offset: end }
      })
      await upkeep.setPositions('user-insights', ends)
      const poison = (await broken.records(usersRaw.name)).find(
        ({ key }) => String(key) === uuidOf('poison'),
      )!
      const before = ['too many staging run skipped']
      before.push(`missing users.counts ${first!.nat}/${then.toISOString()}`)
      before.push(`missing user-insights.dlq ${usersRaw.name}/${poison.partition}/${poison.offset}`)
      for (const { login, nat } of skipped) {
        const mended = [
          `missing users_by_id ${login.uuid}`,
          `missing users_by_country ${nat}/${login.uuid}`,
          `missing users.insights ${login.uuid}`,
        ]
        for (const name of mended) mendable.add(name)
        before.push(...mended)
      }
      for (const name of before) longAgo.add(name)
    }

    async function capture(): Promise<void> {
      const running = startMillrace(['capture', ...stage.flags], stage.env)
      try {
        const [{ lsn } = { lsn: '' }] = await broken.database.query<{ lsn: string }>(
          'ask',
          'SELECT pg_current_wal_lsn() AS lsn',
        )
        await until('captured', async () => {
          const passed = 'SELECT FROM pg_replication_slots WHERE confirmed_flush_lsn >= $1::pg_lsn'
          return (await broken.database.query('ask', passed, [lsn])).length > 0
        })
      } finally {
        running.kill('SIGTERM')
        await running.ended
      }
    }

    async function breakTopicsThatAreRead(all: readonly ApiUser[]): Promise<void> {
      const raw = byKey(await broken.records(usersRaw.name))
      const [again, copied] = [all[2]!, all[3]!].map(({ login }) => raw.get(login.uuid)!)
      await broken.send(again!, { ...copied!, headers: [] })
      duplicated.add(`duplicated users.raw ${all[2]!.login.uuid}`)
      wrong.add(`too many users.raw ${all[3]!.login.uuid}`)

      const counts = await windows()
      const twice = counts[2]!
      await broken.send(twice.record)
      duplicated.add(`duplicated users.counts ${twice.name}`)
      const changed = counts[3]!
      const { users: counted, revision } = changed.count
      const more = { ...changed.count, users: counted + 1, revision: revision + 1 }
      await broken.send({
        ...changed.record,
        timestamp: changed.record.timestamp + 1,
        value: await broken.encode(userCounts, more),
      })
      wrong.add(`too many users.counts ${changed.name}`)
    }

    /** The newest count of each window. */
    async function windows() {
      const newest = new Map<string, { name: string; record: RawRecord; count: UserCount }>()
      for (const record of await broken.records(userCounts.name)) {
        const count = await broken.decode(userCounts, record)
        const name = `${count.country_code}/${new Date(count.window_start).toISOString()}`
        const before = newest.get(name)
        if (before === undefined || count.revision > before.count.revision)
          newest.set(name, { name, record, count })
      }
      return [...newest.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
    }

    async function breakTheRest(all: readonly ApiUser[]): Promise<void> {
      await breakStaging(all)
      await breakInsights(all)
      await breakTables(all)
      await breakCounts()
      await breakLetters()
    }

    async function breakStaging(all: readonly ApiUser[]): Promise<void> {
      const of = ({ login }: ApiUser) => `payload->'login'->>'uuid' = '${login.uuid}'`
      const [row] = await broken.database.query<{ run_id: string }>(
        'lose a row',
        `DELETE FROM staging.random_users WHERE ${of(all[0]!)} RETURNING run_id`,
      )
      wrong.add(`missing staging run ${row!.run_id}`)
      wrong.add(`too many users.raw ${all[0]!.login.uuid}`)
      await broken.database.query(
        'change a row',
        `UPDATE staging.random_users SET payload = jsonb_set(payload, '{phone}', '"changed"') WHERE ${of(all[1]!)}`,
      )
      wrong.add(`different users.raw ${all[1]!.login.uuid}`)
      await broken.stage('by-hand', another(all[0]!, 'never captured'))
      wrong.add('too many staging run by-hand').add(`missing users.raw ${uuidOf('never captured')}`)
      const refused = await broken.stage('by-hand', { ...all[0], login: null })
      wrong.add(`missing users.raw.dlq ${refused}`)
    }

    async function breakInsights(all: readonly ApiUser[]): Promise<void> {
      const insights = byKey(await broken.records(userInsights.name))
      const [changed, other, twice] = [all[4]!, all[5]!, all[6]!].map(
        ({ login }) => insights.get(login.uuid)!,
      )
      await broken.send({ ...changed!, value: other!.value }, twice!, {
        ...other!,
        key: Buffer.from(STRANGER),
      })
      wrong.add(`different users.insights ${all[4]!.login.uuid}`).add(`too many users.insights ${STRANGER}`)
      duplicated.add(`duplicated users.insights ${all[6]!.login.uuid}`)
    }

    async function breakTables(all: readonly ApiUser[]): Promise<void> {
      const mended = (name: string) => mendable.add(name) && wrong.add(name)
      for (const [target, shift] of [
        [usersById, 0],
        [usersByCountry, 10],
      ] as const) {
        const name = target.name
        const byId = target === usersById
        const keyOf = ({ login, nat }: ApiUser) => (byId ? [login.uuid] : [nat, login.uuid])
        const whereOf = ({ login, nat }: ApiUser): Record<string, string> =>
          byId ? { user_id: login.uuid } : { country_code: nat, user_id: login.uuid }
        const [gone, changed, cleared] = [all[shift + 7]!, all[shift + 8]!, all[shift + 9]!]
        const stranger = { ...all[0]!, login: { ...all[0]!.login, uuid: STRANGER } }
        for (const one of [gone, changed, cleared, stranger]) await keep(name, whereOf(one))
        await broken.change(target, keyOf(gone), null)
        mended(`missing ${name} ${keyOf(gone).join('/')}`)
        await broken.change(target, keyOf(changed), { city: 'Atlantis' })
        mended(`different ${name} ${keyOf(changed).join('/')}`)
        await broken.change(target, keyOf(cleared), { full_name: null })
        mended(`different ${name} ${keyOf(cleared).join('/')}`)
        await broken.change(target, keyOf(stranger), {
          user_id: STRANGER,
          country_code: stranger.nat,
          city: 'Nowhere',
        })
        mended(`too many ${name} ${keyOf(stranger).join('/')}`)
      }
    }

    async function breakCounts(): Promise<void> {
      const counts = await windows()
      const faults = [
        ['missing', counts[0]!, null],
        ['different', counts[1]!, { users: 4711 }],
      ] as const
      for (const [kind, { count }, change] of faults) {
        const { country_code, window_start } = count
        const day = Math.floor(window_start / 86_400_000)
        const start = new Date(window_start).toISOString()
        await keep(userCountsByCountry.name, { country_code, day: start.slice(0, 10), window_start: start })
        await broken.change(userCountsByCountry, [country_code, day, window_start], change)
        const name = `${kind} ${userCountsByCountry.name} ${country_code}/${day}/${window_start}`
        mendable.add(name)
        wrong.add(name)
      }
      const late = counts[4]!
      const { country_code, window_start, window_end } = late.count
      const user = {
        country_code,
        window_start,
        window_end,
        reason: 'late',
        late_by_ms: 1,
        source: 'users.raw/0/0',
      }
      const value = await broken.encode(lateUsers, user)
      const record = { ...late.record, topic: lateUsers.name, value }
      await broken.send(record, record)
      wrong.add(`too many users.counts ${late.name}`)
      duplicated.add('duplicated users.late users.raw/0/0')
    }

    async function breakLetters(): Promise<void> {
      const [letter] = await broken.records('user-insights.dlq')
      const moved = letter!.headers.map(([name, text]) =>
        name === 'millrace.dlq.offset' ? ([name, Buffer.from('999999')] as const) : ([name, text] as const),
      )
      const origin = (headers: RawRecord['headers']) =>
        ['topic', 'partition', 'offset']
          .map((part) => headers.find(([name]) => name === `millrace.dlq.${part}`)![1])
          .join('/')
      await broken.send(letter!, { ...letter!, headers: moved })
      duplicated.add(`duplicated user-insights.dlq ${origin(letter!.headers)}`)
      wrong.add(`too many user-insights.dlq ${origin(moved)}`)

      const [refused] = await broken.records('users.raw.dlq')
      const id = String(refused!.headers.find(([name]) => name === 'millrace.dlq.id')![1])
      const stranger = refused!.headers.map(([name, text]) =>
        name === 'millrace.dlq.id' ? ([name, Buffer.from('999999')] as const) : ([name, text] as const),
      )
      await broken.send(refused!, { ...refused!, headers: stranger })
      duplicated.add(`duplicated users.raw.dlq ${id}`)
      wrong.add('too many users.raw.dlq 999999')
    }

    async function keep(table: string, key: Record<string, string>): Promise<void> {
      whole.push({ table, key, row: await stage.row(table, key) })
    }

    const names = (found: readonly { kind: string; hop: string; key: string }[] = []) =>
      found.map(({ kind, hop, key }) => `${kind} ${hop} ${key}`)

    it('should name every one of them by hop and key, and nothing else', async () => {
      const report = await verify()
      expect(names(report.findings)).to.have.members([...wrong, ...longAgo])
      expect(names(report.duplicated)).to.have.members([...duplicated])
      expect(report.exitCode).to.equal(3)
      const silent = [...report.findings, ...report.duplicated!].filter(({ cause, cure }) => !cause || !cure)
      expect(names(silent)).to.deep.equal([])
    })

    it('should compare within a period alone', async () => {
      const [before, since] = [
        await verify('--to', turning.toISOString()),
        await verify('--from', turning.toISOString()),
      ]
      expect(names(before.findings)).to.have.members([...longAgo])
      expect(names(since.findings)).to.have.members([...wrong])
    })

    it('should say what it would mend, and change nothing', async () => {
      const missing = whole.find(({ table }) => table === usersById.name)!
      expect(await stage.row(missing.table, missing.key)).to.equal(undefined)
      const { repairs, exitCode } = await verify('--repair')
      expect(names(repairs!.filter(({ outcome }) => outcome === 'would be mended'))).to.have.members([
        ...mendable,
      ])
      expect(exitCode).to.equal(3)
      expect(await stage.row(missing.table, missing.key)).to.equal(undefined)
    })

    it('should mend tables and missing records as they were, and leave the rest with its cure', async () => {
      const { repairs } = await verify('--repair', '--yes')
      expect(names(repairs!.filter(({ outcome }) => outcome === 'mended'))).to.have.members([...mendable])
      for (const { table, key, row } of whole) expect(await stage.row(table, key)).to.deep.equal(row)
      const report = await verify()
      const left = [...wrong, ...longAgo].filter((name) => !mendable.has(name))
      expect(names(report.findings)).to.have.members(left)
    })

    it('should tell what has expired, mend it in users.insights, and delete no row whose record is gone', async () => {
      const [insight] = await firstOf(userInsights.name)
      await broker.upkeep.deleteRecords([{ ...insight!, offset: insight!.offset + 1 }])
      const expired = await verify('--repair', '--yes')
      const lost = expired.findings.find(({ hop, kind }) => hop === userInsights.name && kind === 'missing')!
      expect(lost.key).to.equal(String(insight!.key))
      expect(lost.cause).to.include('expired')
      expect(names(expired.repairs!.filter(({ outcome }) => outcome === 'mended'))).to.deep.equal(
        names([lost]),
      )

      const [raw] = await firstOf(usersRaw.name)
      await broker.upkeep.deleteRecords([{ ...raw!, offset: raw!.offset + 1 }])
      const { findings, repairs } = await verify('--repair', '--yes')
      const gone = findings.find(({ hop, key }) => hop === usersRaw.name && key === String(raw!.key))!
      expect(gone.cause).to.include('expired')
      const row = repairs!.find(({ hop, key }) => hop === usersById.name && key === String(raw!.key))!
      expect(row.outcome).to.equal('left')
      expect(await stage.row(usersById.name, { user_id: String(raw!.key) })).to.not.equal(undefined)
    })

    /** The first record that a topic holds, of a user that nothing else has been done to. */
    async function firstOf(topic: string): Promise<RawRecord[]> {
      const touched = new Set([...wrong, ...longAgo, ...duplicated].map((name) => name.split(' ').at(-1)))
      const records = await broken.records(topic)
      const firsts = records.filter(({ partition, offset }) =>
        records.every((other) => other.partition !== partition || other.offset >= offset),
      )
      return firsts.filter(({ key }) => !touched.has(String(key)))
    }
  })
}

function byKey(records: readonly RawRecord[]): Map<string, RawRecord> {
  return new Map(records.map((record) => [String(record.key), record]))
}
