import { expect } from 'chai'
import type { Row } from '../../e2e/stored-rows.ts'
import { type MillraceProcess, millrace, startMillrace } from '../../support/millrace.ts'
import { AGE_BANDS } from '../age-bands.ts'

const LIVE = 'topologies/user-insights.ts'

/** What a plain client sees of the pipeline, and does to it. */
export interface PromotedPipeline {
  readonly env: Readonly<Record<string, string>>
  /** Users by id, of a table as it is. */
  users(): Promise<ReadonlyMap<string, Row>>
  /** As an oracle of its own makes them of what is staged, in the old bands. */
  expected(): Promise<ReadonlyMap<string, Row>>
  /** More is fetched, and captured. */
  ingest(): Promise<void>
  /** All that was ever written into a topic: key, source and generation of each record. */
  written?(): Promise<readonly string[]>
}

/** The version with other age bands takes the place of the live one while users come in, and is taken back again. */
export function promotionCases(staged: () => PromotedPipeline): void {
  let live: MillraceProcess

  it('should be promoted under live load, killed twice, and go on as the new version', async () => {
    const { env } = staged()
    live = startMillrace(['run', LIVE], env)
    await live.printed(/assigned/)
    const load = loading()
    await millrace(['replay', AGE_BANDS, '--into', 'v2'], env)
    await killedAt(['replay', 'promote', 'v2', AGE_BANDS, '--yes'], /live is drained/)
    await killedAt(['replay', 'promote', 'v2', AGE_BANDS, '--yes'], /writing what differs/)
    const said = await millrace(['replay', 'promote', 'v2', AGE_BANDS, '--yes'], env)
    expect(said).to.match(/runs as "user-insights\.v2" now, generation 1: start the new version\n$/)
    const { code, stderr } = await live.ended
    expect(code, stderr).to.equal(0)
    expect(stderr).to.match(/replay promote v2.* asks to drain[\s\S]*drained/)
    live = startMillrace(['run', AGE_BANDS], env)
    await live.printed(/assigned/)
    await load.stop()
    await stopped(AGE_BANDS)
    await expectUsers(newBand)
  })

  it('should be rolled back under live load, killed twice, and go on as the old version', async () => {
    const { env } = staged()
    live = startMillrace(['run', AGE_BANDS], env)
    await live.printed(/assigned/)
    const load = loading()
    await killedAt(['replay', 'rollback', 'v2', AGE_BANDS, '--yes'], /what was promoted is drained/)
    await killedAt(['replay', 'rollback', 'v2', AGE_BANDS, '--yes'], /writing into the live sinks/)
    const said = await millrace(['replay', 'rollback', 'v2', AGE_BANDS, '--yes'], env)
    expect(said).to.match(/runs as "user-insights" again: start the old version\n$/)
    expect((await live.ended).code).to.equal(0)
    live = startMillrace(['run', LIVE], env)
    await live.printed(/assigned/)
    await load.stop()
    await stopped(LIVE)
    await expectUsers((_, band) => band)
  })

  it('should have lost nothing at any hop, and written nothing twice in a generation', async () => {
    const { env, written } = staged()
    await millrace(['verify'], env)
    const all = (await written?.()) ?? []
    const seen = new Set<string>()
    expect(all.filter((one) => seen.size === seen.add(one).size)).to.deep.equal([])
  })

  it('should leave nothing behind once it is cleaned', async () => {
    const { env } = staged()
    await millrace(['replay', 'clean', 'v2', AGE_BANDS], env)
    await millrace(['verify'], env)
  })

  /** Users come in, run after run. */
  function loading() {
    let stopping = false
    const done = (async () => {
      do await staged().ingest()
      while (!stopping)
    })()
    return {
      stop: () => {
        stopping = true
        return done
      },
    }
  }

  /** What is in hand is finished, and then all that is there. */
  async function stopped(file: string): Promise<void> {
    live.kill('SIGTERM')
    await live.ended
    await millrace(['run', file, '--until-caught-up'], staged().env)
  }

  async function killedAt(args: readonly string[], said: RegExp): Promise<void> {
    const process = startMillrace(args, staged().env)
    await process.printed(said)
    process.kill('SIGKILL')
    await process.ended
  }

  async function expectUsers(bandOf: (age: number, band: unknown) => unknown): Promise<void> {
    const [users, expected] = [await staged().users(), await staged().expected()]
    const wrong: string[] = []
    for (const [id, { source, ...should }] of expected) {
      const { source: _, ...is } = users.get(id) ?? {}
      const meant = { ...should, age_band: bandOf(Number(should.age), should.age_band) }
      const same = Object.entries(meant).every(([name, value]) =>
        Object.is(is[name as keyof typeof is], value),
      )
      if (!same) wrong.push(JSON.stringify({ is, meant }))
    }
    expect(wrong.slice(0, 2), `${wrong.length} of ${expected.size}`).to.deep.equal([])
    expect(users.size).to.equal(expected.size)
  }
}

function newBand(age: number, band: unknown): unknown {
  if (band === null || age < 25 || age > 34) return band
  return age < 30 ? '25-29' : '30-34'
}
