import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { windowedKey } from '../../../lib/index.ts'
import { NO_HEADERS } from '../../../lib/record.ts'
import { logFolder } from '../../connectors/embedded/log-folder.ts'
import { millrace, runMillrace, startMillrace } from '../../support/millrace.ts'
import { countedVisits, visit } from '../../support/visits.ts'

const BY_COUNTRY = 'spec/cli/run/by-country.ts'
const SULKING = 'spec/cli/run/sulking.ts'
const VISITS = 400

describe('run', function () {
  this.timeout(180_000)
  let folder: string
  let env: Record<string, string>

  beforeEach(async () => {
    folder = logFolder()
    env = { MILLRACE_STATE_DIR: folder }
    await millrace(['apply', BY_COUNTRY, SULKING], env)
    await write()
  })

  it('should share the tasks among threads, and count as one', async () => {
    const said = await millrace(['run', '--threads', '2', '--until-caught-up', '--json', BY_COUNTRY], env)
    const counts: Record<string, Record<string, Record<string, number>>> = JSON.parse(said)
    expect(counts['by-country']?.visits?.records).to.equal(VISITS)
    expect(counts['by-country']?.out?.written).to.be.at.least(1)
    expect(await finalCounts()).to.deep.equal(countedVisits(VISITS))
    // A folder for each task, whichever thread had it.
    const tasks = readdirSync(join(folder, 'state', 'by-country')).filter((name) => /^\d_\d$/.test(name))
    expect(tasks.toSorted()).to.deep.equal(['1_0', '1_1', '1_2', '1_3'])
  })

  it('should drain all threads when it is told to end', async () => {
    const running = startMillrace(['run', '--threads', '2', BY_COUNTRY], env)
    await running.printed(/"thread":1,[^\n]*"assigned"/)
    await running.printed(/"thread":2,[^\n]*"assigned"/)
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect(code, stderr).to.equal(0)
    expect(stderr)
      .to.match(/draining/)
      .and.match(/"counts":\{"by-country":[^\n]*"stopped"/)
  })

  for (const threads of ['1', '2']) {
    it(`should go on with the others when one topology fails, and name it (threads: ${threads})`, async () => {
      const run = ['run', '--threads', threads, '--until-caught-up', SULKING, BY_COUNTRY]
      const { code, stderr } = await runMillrace(run, env)
      expect(code, stderr).to.equal(1)
      expect(stderr.trimEnd().split('\n').at(-1)).to.match(
        /^millrace: topology "sulking": .*without-spain.*no visits from there/,
      )
      expect(stderr).to.match(/"topology":"sulking","msg":"failed; 1 go on: /)
      expect(await finalCounts()).to.deep.equal(countedVisits(VISITS))
    })
  }

  it('should end the others too, if that is wanted', async () => {
    const { code, stderr } = await runMillrace(
      ['run', '--threads', '2', '--fail-fast', SULKING, BY_COUNTRY],
      env,
    )
    expect(code, stderr).to.equal(1)
    expect(stderr).to.match(/"topology":"sulking","msg":"failed; the others end too: /)
  })

  it('should end when its only topology fails, in whichever thread, with its error', async () => {
    const { code, stderr } = await runMillrace(['run', '--threads', '3', SULKING], env)
    expect(code, stderr).to.equal(1)
    expect(stderr.trimEnd().split('\n').at(-1)).to.match(
      /^millrace: .*no visits from there.* \(at visits\/\d\/\d+\)$/,
    )
  })

  it('should refuse before it begins what no thread can do', async () => {
    const nowhere = { MILLRACE_STATE_DIR: join(folder, 'empty') }
    const { code, stderr } = await runMillrace(['run', '--threads', '2', BY_COUNTRY], nowhere)
    expect(code, stderr).to.equal(3)
    expect(stderr.trimEnd().split('\n').at(-1)).to.match(/^millrace: not there yet: .*millrace apply spec/)
  })

  async function write(): Promise<void> {
    await withBroker(async (broker) => {
      const producer = await broker.producer({})
      const records = Array.from({ length: VISITS }, (_, i) => {
        const { value: said, timestamp } = visit(i)
        const value = Buffer.from(JSON.stringify(said))
        return { topic: 'visits', partition: i % 4, key: null, value, timestamp, headers: NO_HEADERS }
      })
      await producer.send(records)
      await producer.close()
    })
  }

  function finalCounts(): Promise<Record<string, number>> {
    return withBroker(async (broker) => {
      const last: Record<string, number> = {}
      for (const { partition, earliest: from, end: to } of await broker.admin.offsets('counts')) {
        for await (const { records } of broker.read([{ topic: 'counts', partition, from, to }])) {
          for (const { key, value } of records) {
            const { key: country, start } = windowedKey().decode(key!)
            last[`${country}@${start}`] = JSON.parse(String(value))
          }
        }
      }
      return last
    })
  }

  async function withBroker<T>(
    work: (broker: Awaited<ReturnType<typeof openEmbeddedBroker>>) => Promise<T>,
  ): Promise<T> {
    const broker = await openEmbeddedBroker({ dir: join(folder, 'embedded', 'log') })
    try {
      return await work(broker)
    } finally {
      await broker.close()
    }
  }
})
