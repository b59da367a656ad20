import { join } from 'node:path'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import type { Broker } from '../../../lib/broker/broker.ts'
import { NO_HEADERS } from '../../../lib/record.ts'
import { logFolder } from '../../connectors/embedded/log-folder.ts'
import { millrace, runMillrace, startMillrace } from '../../support/millrace.ts'
import { until } from '../../support/until.ts'

const NUMBERS = 'spec/cli/replay/numbers.ts'
const RECORDS = 2000
const BEGIN = Date.UTC(2026, 0, 1)

describe('millrace replay', function () {
  this.timeout(180_000)
  const folder = logFolder()
  const env = { MILLRACE_STATE_DIR: folder }

  before(async () => {
    await millrace(['apply', NUMBERS], env)
    await withLog(async (broker) => {
      const producer = await broker.producer({})
      const records = Array.from({ length: RECORDS }, (_, n) => {
        const [key, value] = [Buffer.from(String(n)), Buffer.from(String(n))]
        return {
          topic: 'numbers.in',
          partition: n % 2,
          key,
          value,
          timestamp: BEGIN + n,
          headers: NO_HEADERS,
        }
      })
      await producer.send(records)
      await producer.close()
    })
  })

  it('should say what it would read, and do nothing', async () => {
    const to = new Date(BEGIN + 500).toISOString()
    const said = await millrace(['replay', NUMBERS, '--to', to, '--rate', '100/s', '--dry-run'], env)
    expect(said.trimEnd().split('\n')).to.deep.equal([
      'replay r1, as group numbers-replay-r1',
      'topic       partition  from   to  records',
      'numbers.in  0             0  250      250',
      'numbers.in  1             0  250      250',
      '500 records to read, about 5 s at 100/s',
    ])
    expect(await outputs()).to.deep.equal([])
  })

  it('should go on after a kill -9, and say what it resumes', async () => {
    const command = ['replay', NUMBERS, '--rate', '200/s']
    const first = startMillrace(command, env)
    // In its own words: lines, where there is no terminal.
    await first.printed(/replay: [\d,]+ of 2,000 records, [\d,]+\/s, .* left/)
    first.kill('SIGKILL')
    await first.ended
    const before = await outputs()
    expect(before).to.have.length.within(1, RECORDS - 1)
    const said = await millrace(['replay', NUMBERS, '--rate', '200/s', '--json', '--dry-run'], env)
    const { done } = (JSON.parse(said) as { resumes: { done: number } }).resumes
    expect(done).to.be.within(1, RECORDS - 1)
    const report = JSON.parse(await millrace(['replay', NUMBERS, '--json'], env))
    expect(report).to.deep.include({
      ...{ name: 'r1', state: 'done', records: RECORDS - done },
      read: { 'numbers.in': RECORDS - done },
    })
    expect(report.peakMemoryBytes).to.be.above(1e7)
    // At least once: what was written and not committed may be there again.
    expect([...new Set(await outputs())]).to.have.length(RECORDS)
  })

  it('should stop in order, and name how to go on', async () => {
    const running = startMillrace(['replay', NUMBERS, '--name', 'slow', '--rate', '100/s'], env)
    await running.printed(/replay: /)
    running.kill('SIGINT')
    const { code, stdout } = await running.ended
    expect(code).to.equal(0)
    expect(stdout).to.match(/replay slow stopped: [\d,]+ of 2,000 records/)
    expect(stdout.trimEnd()).to.match(/the same command goes on from here$/)
  })

  it('should refuse what is there no more, unless that is accepted', async () => {
    await withLog((broker) =>
      broker.upkeep.deleteRecords([{ topic: 'numbers.in', partition: 1, offset: 100 }]),
    )
    const refused = await runMillrace(['replay', NUMBERS, '--from', '40'], env)
    expect(refused.code).to.equal(3)
    expect(refused.stderr).to.match(
      /records of the range are there no more: numbers\.in\/1 from 40 to 100\. --accept-gap replays what is left/,
    )
    const report = JSON.parse(
      await millrace(['replay', NUMBERS, '--from', '40', '--accept-gap', '--json'], env),
    )
    expect(report.records).to.equal(960 + 900)
  })

  it('should replay the records of one key', async () => {
    const since = (await outputs()).length
    await millrace(['replay', NUMBERS, '--key', '777'], env)
    expect((await outputs()).slice(since)).to.deep.equal([2 * 777])
  })

  for (const [args, said] of [
    [
      ['--from', 'yesterday'],
      /--from yesterday: give earliest, latest, an offset, a time .* or how long ago/,
    ],
    [['--rate', 'fast'], /"fast" is no rate/],
    [['--run', 'x', '--from', '1d'], /--run says from when to when/],
    [['--into', 'V2!'], /"V2!" can't name a shadow/],
    [['--into', 'v2', '--name', 'mine'], /--into names the replay too/],
    [['--name', 'a/b'], /a replay needs a name of letters/],
  ] as const) {
    it(`should refuse ${args.join(' ')}`, async () => {
      const { code, stderr } = await runMillrace(['replay', NUMBERS, ...args], env)
      expect(code, stderr).to.equal(2)
      expect(stderr).to.match(said)
    })
  }

  async function withLog<T>(work: (broker: Broker) => Promise<T>): Promise<T> {
    const broker = await openEmbeddedBroker({ dir: join(folder, 'embedded', 'log') })
    try {
      return await work(broker)
    } finally {
      await broker.close()
    }
  }

  function outputs(): Promise<number[]> {
    return withLog(async (broker) => {
      await until('the topic is there', async () => (await broker.admin.topics(['numbers.out'])).length > 0)
      const [range] = await broker.admin.offsets('numbers.out')
      const numbers: number[] = []
      if (range!.end === 0) return numbers
      for await (const { records } of broker.read([
        { topic: 'numbers.out', partition: 0, from: 0, to: range!.end },
      ])) {
        numbers.push(...records.map(({ value }) => JSON.parse(String(value)) as number))
      }
      return numbers
    })
  }
})
