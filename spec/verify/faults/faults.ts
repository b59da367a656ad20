import { expect } from 'chai'
import { startRandomUserServer } from '../../../connectors/http/random-user-server.ts'
import type { RawRecord } from '../../../lib/record.ts'
import type { Report } from '../../../lib/verify/report.ts'
import { usersById } from '../../../topologies/insight/tables.ts'
import { userInsights } from '../../../topologies/user-insights.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'
import { runMillrace } from '../../support/millrace.ts'
import { uuidOf } from '../uuid-of.ts'
import { breakCounts } from './break-counts.ts'
import { breakLetters } from './break-letters.ts'
import { breakStaging } from './break-staging.ts'
import { breakTables } from './break-tables.ts'
import { breakInsights, breakTopicsThatAreRead } from './break-topics.ts'
import { Breakage } from './breakage.ts'
import { breaking } from './breaking.ts'
import { people } from './people.ts'
import { skipSome } from './skip-some.ts'
import type { FaultStage } from './stage.ts'

/** One of each fault at every hop of the pipeline; `users` of them. */
export function namesAndMends(where: string, openStage: () => Promise<FaultStage>, users: number): void {
  describe(`verify among ${users.toLocaleString('en')} users with faults at every hop, ${where}`, function () {
    this.timeout(1_800_000)
    let stage: FaultStage
    let breakage: Breakage

    before(async () => {
      stage = await openStage()
      const all = people(users)
      await ingest([
        ...all,
        { ...all[0], login: null },
        { ...all[0], login: { ...all[0]!.login, uuid: uuidOf('x') }, email: '' },
      ])
      const at = await stage.open()
      breakage = new Breakage(stage, at.broker, await breaking(at))
      await skipSome(breakage, all)
      await breakTopicsThatAreRead(breakage, all)
      await millrace('run', 'topologies/user-insights.ts', '--until-caught-up')
      await breakStaging(breakage, all)
      await breakInsights(breakage, all)
      await breakTables(breakage, all)
      await breakCounts(breakage)
      await breakLetters(breakage)
    })

    after(async () => {
      await breakage?.by.close()
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

    const names = (found: readonly { kind: string; hop: string; key: string }[] = []) =>
      found.map(({ kind, hop, key }) => `${kind} ${hop} ${key}`)

    it('should name every one of them by hop and key, and nothing else', async () => {
      const report = await verify()
      expect(names(report.findings)).to.have.members([...breakage.wrong, ...breakage.longAgo])
      expect(names(report.duplicated)).to.have.members([...breakage.duplicated])
      expect(report.exitCode).to.equal(3)
      const silent = [...report.findings, ...report.duplicated!].filter(({ cause, cure }) => !cause || !cure)
      expect(names(silent)).to.deep.equal([])
    })

    it('should compare within a period alone', async () => {
      const [before, since] = [
        await verify('--to', breakage.turning.toISOString()),
        await verify('--from', breakage.turning.toISOString()),
      ]
      expect(names(before.findings)).to.have.members([...breakage.longAgo])
      expect(names(since.findings)).to.have.members([...breakage.wrong])
    })

    it('should say what it would mend, and change nothing', async () => {
      const missing = breakage.whole.find(({ table }) => table === usersById.name)!
      expect(await stage.row(missing.table, missing.key)).to.equal(undefined)
      const { repairs, exitCode } = await verify('--repair')
      expect(names(repairs!.filter(({ outcome }) => outcome === 'would be mended'))).to.have.members([
        ...breakage.mendable,
      ])
      expect(exitCode).to.equal(3)
      expect(await stage.row(missing.table, missing.key)).to.equal(undefined)
    })

    it('should mend tables and missing records as they were, and leave the rest with its cure', async () => {
      const { repairs } = await verify('--repair', '--yes')
      const mended = repairs!.filter(({ outcome }) => outcome === 'mended')
      const left = repairs!.filter(({ outcome }) => outcome === 'left')
      const said = left.map(({ hop, key, how }) => `${hop} ${key}: ${how}`).join('\n')
      expect(names(mended), `left:\n${said}`).to.have.members([...breakage.mendable])
      for (const { table, key, row } of breakage.whole) expect(await stage.row(table, key)).to.deep.equal(row)
      const report = await verify()
      const rest = [...breakage.wrong, ...breakage.longAgo].filter((name) => !breakage.mendable.has(name))
      expect(names(report.findings)).to.have.members(rest)
    })

    it('should tell what has expired, mend it in users.insights, and delete no row whose record is gone', async () => {
      const [insight] = await firstOf(userInsights.name)
      await breakage.broker.upkeep.deleteRecords([{ ...insight!, offset: insight!.offset + 1 }])
      const expired = await verify('--repair', '--yes')
      const lost = expired.findings.find(({ hop, kind }) => hop === userInsights.name && kind === 'missing')!
      expect(lost.key).to.equal(String(insight!.key))
      expect(lost.cause).to.include('expired')
      expect(names(expired.repairs!.filter(({ outcome }) => outcome === 'mended'))).to.deep.equal(
        names([lost]),
      )

      const [raw] = await firstOf(usersRaw.name)
      await breakage.broker.upkeep.deleteRecords([{ ...raw!, offset: raw!.offset + 1 }])
      const { findings, repairs } = await verify('--repair', '--yes')
      const gone = findings.find(({ hop, key }) => hop === usersRaw.name && key === String(raw!.key))!
      expect(gone.cause).to.include('expired')
      const row = repairs!.find(({ hop, key }) => hop === usersById.name && key === String(raw!.key))!
      expect(row.outcome).to.equal('left')
      expect(await stage.row(usersById.name, { user_id: String(raw!.key) })).to.not.equal(undefined)
    })

    /** The first record that a topic holds, of a user that nothing else has been done to. */
    async function firstOf(topic: string): Promise<RawRecord[]> {
      const touched = new Set(
        [...breakage.wrong, ...breakage.longAgo, ...breakage.duplicated].map((name) =>
          name.split(' ').at(-1),
        ),
      )
      const records = await breakage.by.records(topic)
      const firsts = records.filter(({ partition, offset }) =>
        records.every((other) => other.partition !== partition || other.offset >= offset),
      )
      return firsts.filter(({ key }) => !touched.has(String(key)))
    }
  })
}
