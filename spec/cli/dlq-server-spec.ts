import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { record } from '../conformance/broker-harness.ts'
import { millrace, runMillrace, startMillrace } from '../support/millrace.ts'

const ORDERS = 'spec/dead-letters/topologies/orders.ts'
const LETTERS = 400

describe('millrace dlq', () => {
  const state = mkdtempSync(join(tmpdir(), 'millrace-dlq-cli-'))
  const env = { MILLRACE_STATE_DIR: state, SPEC_TOPOLOGY: 'refused' }
  const fixed = { ...env, SPEC_FIXED: 'yes' }
  const dir = join(state, 'embedded', 'log')
  after(() => rmSync(state, { recursive: true }))

  before(async () => {
    await millrace(['apply', ORDERS], env)
    const broker = await openEmbeddedBroker({ dir })
    const producer = await broker.producer({})
    const orders = Array.from({ length: LETTERS + 100 }, (_, id) =>
      id < 100 ? { id, total: id } : { id, name: 'Ada' },
    )
    await producer.send(
      orders.map((order, n) => {
        const more = { partition: n % 2, key: Buffer.from(`k${n}`), timestamp: 1_700_000_000_000 + n * 1000 }
        return record('refused-in', JSON.stringify(order), more)
      }),
    )
    await producer.send([record('refused-in', '{"id"', { partition: 1 })])
    await producer.close()
    await broker.close()
    await millrace(['run', ORDERS, '--until-caught-up'], env)
  })

  it('should list letters by step and kind of reason', async () => {
    const { groups, ...rest } = await listed()
    expect(rest).to.deep.equal({ topic: 'refused.dlq', letters: 401, redriven: 0 })
    expect(groups.map(({ step, count, reason }: Group) => ({ step, count, reason }))).to.deep.equal([
      { step: 'priced', count: 400, reason: 'order "…" has no total' },
      { step: 'orders', count: 1, reason: 'not valid JSON' },
    ])
    expect(groups[0]).to.include({ first: '2023-11-14T22:15:00.000Z', last: '2023-11-14T22:21:39.000Z' })
    const said = await millrace(['dlq', 'ls', 'refused.dlq'], env)
    expect(said).to.match(/^refused\.dlq: 401 dead letters in 2 groups, 0 redriven\ngroup +step +letters/)
  })

  it('should show one letter, without what it holds unless it is asked for', async () => {
    const { groups } = await listed()
    const masked = await millrace(['dlq', 'show', ORDERS, groups[0].fingerprint], env)
    expect(masked).to.match(/^reason +order "\d+" has no total$/m)
    expect(masked).to.match(/^record +refused-in\/\d\/\d+$/m)
    expect(masked).to.include('"name": "text of 3"').and.not.include('Ada')
    const shown = await millrace(['dlq', 'show', ORDERS, groups[0].example, '--show-values', '--json'], env)
    expect(JSON.parse(shown)).to.deep.include({ step: 'priced', attempts: 0, redriven: false })
    expect(JSON.parse(shown).value).to.include({ name: 'Ada' })
  })

  it('should say what a redrive would do, and do nothing', async () => {
    const said = await millrace(['dlq', 'redrive', ORDERS, '--all', '--dry-run'], fixed)
    expect(said).to.include('401 of its letters are meant, 401 of them to be redriven')
    expect(said).to.match(/400 at "priced" → refused-totals\n/)
    expect(said).to.match(/nothing has been changed\n$/)
    expect(await totals()).to.have.length(100)
  })

  it('should ask, and want an answer beforehand where nobody can be asked', async () => {
    const { code, stderr } = await runMillrace(['dlq', 'redrive', ORDERS, '--all'], fixed)
    expect(code).to.equal(2)
    expect(stderr).to.include('--yes')
    expect((await runMillrace(['dlq', 'redrive', ORDERS, '--yes'], fixed)).stderr).to.include(
      'one of --all, --group and --letter',
    )
    const none = await runMillrace(['dlq', 'redrive', ORDERS, '--group', '00000000', '--yes'], fixed)
    expect(none.code, none.stderr).to.equal(2)
    expect(none.stderr).to.include('no dead letter of refused.dlq is of group 00000000')
  })

  it('should, killed in the middle, go on where it was, and write nothing twice', async () => {
    const { groups } = await listed()
    const group = ['dlq', 'redrive', ORDERS, '--group', groups[0].fingerprint, '--yes']
    const killed = startMillrace([...group, '--rate', '80/s'], fixed)
    await killed.printed(/redrive: \d+ of 400 letters/)
    killed.kill('SIGKILL')
    await killed.ended
    const first = (await totals()).length - 100
    expect(first).to.be.within(80, 320)
    expect((await listed()).redriven).to.equal(first)
    expect(JSON.parse(await millrace([...group, '--json'], fixed))).to.include({
      due: 400 - first,
      redriven: 400 - first,
      refused: 0,
    })
    expect(await totals()).to.deep.equal(Array.from({ length: 500 }, (_, id) => id))
    const again = await millrace(group, fixed)
    expect(again).to.include('400 done: redriven before').and.include('nothing was redriven')
    expect(await totals()).to.have.length(500)
  })

  it('should keep to its rate', async () => {
    const group = (await listed()).groups[0].fingerprint
    const args = ['dlq', 'redrive', ORDERS, '--group', group, '--again', '--rate', '100/s', '--yes']
    const redriving = startMillrace(args, fixed)
    const begun = await redriving.printed(/redrive: \d+ of 400/).then(() => performance.now())
    await redriving.ended
    const at = Number(/redrive: (\d+) of 400/.exec(redriving.stderr)![1])
    expect((400 - at) / ((performance.now() - begun) / 1000)).to.be.within(85, 110)
  })

  it('should end with 4 where some are dead letters again, which a limit leaves', async () => {
    const one = (await listed()).groups.find(({ step }: Group) => step === 'orders')
    const args = ['dlq', 'redrive', ORDERS, '--group', one.fingerprint, '--limit', '1', '--yes']
    const again = await runMillrace(args, fixed)
    expect(again.code, again.stderr).to.equal(4)
    expect(again.stdout).to.include('1 redriven, of which 1 are dead letters again')
    const left = await runMillrace(args, fixed)
    expect(left.code, left.stderr).to.equal(3)
    expect(left.stdout).to.include('1 left: refused again 1 times (--limit 1)')
  })

  interface Group {
    readonly step: string
    readonly count: number
    readonly reason: string
    readonly fingerprint: string
    readonly example: string
  }

  async function listed() {
    return JSON.parse(await millrace(['dlq', 'ls', ORDERS, '--json'], env))
  }

  /** Ids that are in the totals, sorted. */
  async function totals(): Promise<number[]> {
    const broker = await openEmbeddedBroker({ dir })
    const ids: number[] = []
    for (const { partition, earliest, end } of await broker.admin.offsets('refused-totals')) {
      const range = { topic: 'refused-totals', partition, from: earliest, to: end }
      for await (const { records } of broker.read(end > earliest ? [range] : []))
        for (const { value } of records) ids.push(JSON.parse(String(value)).id)
    }
    await broker.close()
    return ids.toSorted((a, b) => a - b)
  }
})
