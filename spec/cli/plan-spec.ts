import { expect } from 'chai'
import { freePorts } from '../../services/ports.ts'
import { logFolder } from '../connectors/embedded/log-folder.ts'
import { type Ended, millrace, runMillrace } from '../support/millrace.ts'
import type { PlanEntry } from './plan/plan-entry.ts'

const FILE = 'spec/cli/plan/visits.ts'

describe('millrace plan', function () {
  this.timeout(120_000)
  const env = { MILLRACE_STATE_DIR: logFolder() }
  const plan = (more: Record<string, string> = {}, ...args: string[]): Promise<Ended> =>
    runMillrace(['plan', FILE, ...args], { ...env, ...more })
  const entries = async (more: Record<string, string> = {}, ...args: string[]): Promise<PlanEntry[]> =>
    JSON.parse((await plan(more, '--json', ...args)).stdout) as PlanEntry[]

  it('should exit 4 with what apply would make, and 0 when it is made and has run', async () => {
    const before = await plan()
    expect(before.code, before.stderr).to.equal(4)
    expect(before.stdout).to.match(/^\+ topic planned\.in$/m)
    expect(before.stdout).to.match(/^\+ topic millrace\.deployed$/m)
    await millrace(['apply', FILE], env)
    await millrace(['run', FILE, '--until-caught-up'], env)
    const after = await plan()
    expect(after.code, after.stdout + after.stderr).to.equal(0)
    expect(after.stdout).to.match(
      /\n0 to create \(\+\), 0 changed \(~\), 0 would lose or break \(!\), \d+ there already\n$/,
    )
  })

  it('should name a renamed stateful step, what it loses and the cure, and change nothing', async () => {
    const renamed = { COUNT_STEP: 'visits-of-page' }
    const { code, stdout, stderr } = await plan(renamed)
    expect(code).to.equal(3)
    expect(stdout).to.include('~ step visits-of-page is new, and was "visits-per-page" before, it seems')
    expect(stdout).to.match(/^! store visits-per-page of step "visits-per-page" .*is lost.*keep the name/m)
    expect(stdout).to.match(/^~ internal topic planned-visits-visits-per-page-changelog is needed no more/m)
    expect(stderr).to.match(
      /^millrace: not as stated: store visits-per-page .*keep the name "visits-per-page"/m,
    )
    expect(await entries(renamed)).to.deep.include({
      kind: 'store',
      name: 'visits-per-page',
      state: {
        differs: 'of step "visits-per-page" is in the code no more: what it holds is lost to the new version',
      },
      cure: 'keep the name "visits-per-page"; or, where a new beginning is meant, build it up again from the input by `millrace replay FILE --into NAME`',
      breaks: true,
    })
    expect((await plan(renamed, '--json')).code).to.equal(3)
    expect((await plan()).code).to.equal(0)
  })

  it('should plan for another application id', async () => {
    const other = await plan({}, '--application-id', 'other')
    expect(other.code, other.stderr).to.equal(4)
    expect(other.stdout).to.match(/^\+ topic other-visits-per-page-changelog$/m)
    const several = await runMillrace(['plan', FILE, FILE, '--application-id', 'other'], env)
    expect(several.code, several.stderr).to.equal(2)
  })

  it('should name a partition count that is another', async () => {
    const { code, stderr } = await plan({ PARTITIONS: '3' })
    expect(code).to.equal(3)
    expect(stderr).to.include('topic planned.in has 2 partitions, the code says 3; state partitions: 2')
  })

  it('should name another guarantee, as no loss', async () => {
    const other = await plan({}, '--guarantee', 'exactly-once')
    expect(other.code, other.stderr).to.equal(4)
    expect(await entries({}, '--guarantee', 'exactly-once')).to.deep.include({
      kind: 'guarantee',
      name: 'planned-visits',
      state: { differs: 'was at-least-once, is exactly-once' },
      cure: 'stop all its workers, then start them with the new code',
      breaks: false,
    })
  })

  it('should name a server that can not be reached', async () => {
    const [port] = await freePorts(1)
    const { code, stderr } = await plan({ KAFKA_BROKERS: `127.0.0.1:${port}` })
    expect(code, stderr).to.equal(1)
    expect(stderr).to.include('KAFKA_BROKERS').and.include(`127.0.0.1:${port}`)
  })
})
