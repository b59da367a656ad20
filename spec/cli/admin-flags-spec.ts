import { expect } from 'chai'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { get } from '../admin/shop.ts'
import { logFolder } from '../connectors/embedded/log-folder.ts'
import { type MillraceProcess, millrace, runMillrace, startMillrace } from '../support/millrace.ts'
import { until } from '../support/until.ts'
import { countedVisits, visit } from '../support/visits.ts'

const BY_COUNTRY = 'spec/cli/run/by-country.ts'
const SULKING = 'spec/cli/run/sulking.ts'
const TOKEN = 'as-long-as-a-token-has-to-be'
const VISITS = 100

describe('run --port', function () {
  this.timeout(60_000)
  let env: Record<string, string>
  const runs: MillraceProcess[] = []
  const start = (args: readonly string[], own: Record<string, string> = {}) => {
    const run = startMillrace(args, { ...env, ...own })
    runs.push(run)
    return run
  }
  afterEach(() => {
    for (const run of runs.splice(0)) run.kill('SIGKILL')
  })

  before(async () => {
    const folder = logFolder()
    env = { MILLRACE_STATE_DIR: folder }
    await millrace(['apply', BY_COUNTRY, SULKING], env)
    const broker = await openEmbeddedBroker({ dir: `${folder}/embedded/log` })
    const producer = await broker.producer({})
    await producer.send(
      Array.from({ length: VISITS }, (_, i) => {
        const { value, timestamp } = visit(i)
        const bytes = Buffer.from(JSON.stringify(value))
        return { topic: 'visits', key: Buffer.from(String(i)), value: bytes, timestamp, headers: NO_HEADERS }
      }),
    )
    await producer.close()
    await broker.close()
  })

  for (const threads of [1, 2]) {
    it(`should serve health, figures and stores, and stop with the work (threads: ${threads})`, async () => {
      const run = start(['run', '--port', '0', '--threads', String(threads), BY_COUNTRY])
      await run.printed(/"url":"http:/)
      const url = /"url":"(http:[^"]+)"/.exec(run.stderr)![1]!
      await until('ready', async () => (await get(`${url}/ready`)).status === 200)
      const workers = (await get(`${url}/ready`)).body.workers
      expect(workers).to.deep.equal(Array(threads).fill({ topology: 'by-country', state: 'running' }))
      const rows = async () => (await get(`${url}/stores/per-country/de?from=40`)).body.windows
      await until('the last window counted', async () => {
        return (await rows())[0]?.value === countedVisits(VISITS)['de@40']
      })
      const figures: string = (await get(`${url}/metrics`)).body
      const read = [
        ...figures.matchAll(/^millrace_position\{topology="by-country",topic="visits",.* (\d+)$/gm),
      ]
      expect(read.reduce((sum, [, position]) => sum + Number(position), 0)).to.equal(VISITS)
      const [{ tasks }] = (await get(`${url}/topology`)).body.topologies
      for (const { here, active } of tasks) {
        expect(here).to.equal('active')
        expect(`http://${active}`).to.equal(url)
      }
      const paused = await (await fetch(`${url}/pause`, { method: 'POST' })).json()
      expect(paused).to.deep.equal({
        workers: Array(threads).fill({ topology: 'by-country', paused: 'all' }),
      })
      run.kill('SIGTERM')
      expect((await run.ended).code).to.equal(0)
      expect((await get(url).catch((error: Error) => error)) instanceof Error).to.equal(true)
    })
  }

  it('should need a token where others can reach it', async () => {
    const open = ['run', '--port', '0', '--host', '0.0.0.0', BY_COUNTRY]
    const refused = await runMillrace(open, env)
    expect([refused.code, refused.stderr.includes('set MILLRACE_ADMIN_TOKEN')]).to.deep.equal([2, true])
    const short = await runMillrace(open, { ...env, MILLRACE_ADMIN_TOKEN: 'short' })
    expect([short.code, short.stderr.includes('at least 16 characters')]).to.deep.equal([2, true])
    expect(short.stderr).not.to.include('"short"')
    const run = start(open, { MILLRACE_ADMIN_TOKEN: TOKEN })
    await run.printed(/"url":"http:/)
    const url = /"url":"(http:[^"]+)"/.exec(run.stderr)![1]!
    expect((await get(`${url}/stores`)).status).to.equal(401)
    expect((await get(`${url}/stores`, { authorization: `Bearer ${TOKEN}` })).status).to.equal(200)
    run.kill('SIGTERM')
    const { stderr } = await run.ended
    expect(stderr).not.to.include(TOKEN)
  })

  for (const [flags, message] of [
    [['--advertise', 'worker-1:8080'], /--advertise goes with --port/],
    [['--host', '127.0.0.1'], /--host goes with --port/],
    [['--port', '65536'], /a whole number from 0 to 65535/],
    [['--port', '0', '--advertise', 'worker-1'], /Give host:port/],
  ] as const) {
    it(`should refuse ${flags.join(' ')}`, async () => {
      const { code, stderr } = await runMillrace(['run', ...flags, BY_COUNTRY], env)
      expect(code).to.equal(2)
      expect(stderr).to.match(message)
    })
  }
})
