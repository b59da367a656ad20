import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { DiffReport, SinkReport } from '../../lib/replay/diff/diff-report.ts'
import type { ShownDifference } from '../../lib/replay/diff/shown-difference.ts'
import { millrace, runMillrace } from '../support/millrace.ts'

export const AGE_BANDS = 'spec/replay/topologies/age-bands.ts'

/** What a plain client sees of the live pipeline. */
export interface Judge {
  readonly env: Readonly<Record<string, string>>
  /** Rows of a table that may not be there. */
  rows(table: string): Promise<readonly Readonly<Record<string, unknown>>[] | undefined>
}

/** A shadow of the version with other age bands beside the live pipeline, which has run to its end. */
export function ageBandsCases(judged: () => Judge): void {
  let ids: string[]
  let countries: Map<string, string>

  it('should be made beside the live pipeline', async () => {
    const { env, rows } = judged()
    const live = (await rows('users_by_id'))!
    const moved = live.filter(({ age }) => Number(age) >= 25 && Number(age) <= 34)
    expect(moved.length).to.be.within(1, live.length - 1)
    ids = moved.map(({ user_id }) => String(user_id))
    countries = new Map(moved.map(({ user_id, country_code }) => [String(user_id), String(country_code)]))
    await millrace(['replay', AGE_BANDS, '--into', 'bands'], env)
    expect(await rows('users_by_id_bands')).to.have.length(live.length)
    expect(await rows('users_by_id')).to.deep.equal(live)
  })

  it('should differ in exactly the users whose band has changed, and in nothing but the band', async () => {
    const { report, listed } = await diffed(AGE_BANDS, 'bands')
    expect(report.exitCode).to.equal(4)
    const changed = ['table users_by_id', 'table users_by_country', 'topic users.insights']
    for (const sink of report.sinks) {
      const moved = changed.includes(sink.sink) ? ids.length : 0
      const { added, missing, fields } = sink
      expect({ sink: sink.sink, added, missing, changed: sink.changed, fields }).to.deep.equal({
        sink: sink.sink,
        added: 0,
        missing: 0,
        changed: moved,
        fields: moved === 0 ? {} : { age_band: moved },
      })
      expect(sink.same + sink.changed + sink.ignored).to.equal(sink.live)
    }
    const keysOf = (sink: string) => listed.filter((one) => one.sink === sink).map(({ key }) => key)
    expect(keysOf('table users_by_id')).to.have.members(ids)
    expect(keysOf('topic users.insights')).to.have.members(ids)
    expect(keysOf('table users_by_country')).to.have.members(ids.map((id) => `${countries.get(id)}/${id}`))
  })

  it('should show values when asked', async () => {
    const { listed } = await diffed(AGE_BANDS, 'bands', '--show-values')
    const bands = new Set(listed.map(({ fields }) => JSON.stringify(fields.age_band)))
    expect([...bands]).to.have.members([
      '{"live":"25-34","shadow":"25-29"}',
      '{"live":"25-34","shadow":"30-34"}',
    ])
  })

  it('should be equal for a shadow of the version that is live', async () => {
    const { env } = judged()
    await millrace(['replay', 'topologies/user-insights.ts', '--into', 'same'], env)
    const said = await runMillrace(['replay', 'diff', 'same', AGE_BANDS, ...COUNTED], env)
    expect(said.code, said.stdout + said.stderr).to.equal(0)
    expect(said.stdout).to.match(/\nequal\n$/)
  })

  it('should be removed with its topics, tables and state, and nothing else', async () => {
    const { env, rows } = judged()
    const live = await rows('users_by_id')
    for (const name of ['bands', 'same']) await millrace(['replay', 'clean', name, AGE_BANDS], env)
    const tables = ['users_by_id', 'users_by_country', 'user_counts_by_country']
    for (const table of tables.flatMap((one) => [`${one}_bands`, `${one}_same`])) {
      expect(await rows(table), table).to.equal(undefined)
    }
    expect(await rows('users_by_id')).to.deep.equal(live)
    const gone = await runMillrace(['replay', 'diff', 'bands', AGE_BANDS], env)
    expect(gone.code, gone.stderr).to.equal(3)
    expect(gone.stderr).to.match(/has no shadow "bands" \(there is: none\)/)
    await millrace(['run', 'topologies/user-insights.ts', '--until-caught-up'], env)
  })

  /** Why a window was emitted is a matter of when its records came, and so are its revisions. */
  const COUNTED = ['--ignore', 'close_reason', 'revision']

  async function diffed(file: string, name: string, ...more: string[]) {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-diff-'))
    const list = join(folder, 'differences.jsonl')
    try {
      const args = ['replay', 'diff', name, file, '--json', '--list', list, ...more, ...COUNTED]
      const { code, stdout, stderr } = await runMillrace(args, judged().env)
      expect(code, stdout + stderr).to.equal(4)
      const report: DiffReport & { sinks: SinkReport[] } = JSON.parse(stdout)
      const lines = readFileSync(list, 'utf8').trimEnd().split('\n')
      return { report, listed: lines.map((line): ShownDifference => JSON.parse(line)) }
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}
