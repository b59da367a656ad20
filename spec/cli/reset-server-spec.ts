import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { numbered } from '../conformance/broker-harness.ts'
import { millrace, runMillrace, startMillrace } from '../support/millrace.ts'

const COPY = 'spec/faults/topologies/copy.ts'

describe('millrace reset', () => {
  const state = mkdtempSync(join(tmpdir(), 'millrace-reset-cli-'))
  const env = { MILLRACE_STATE_DIR: state, SPEC_TOPOLOGY: 'copied' }
  const dir = join(state, 'embedded', 'log')
  after(() => rmSync(state, { recursive: true }))

  before(async () => {
    await millrace(['apply', COPY], env)
    const broker = await openEmbeddedBroker({ dir })
    const producer = await broker.producer({})
    await producer.send(numbered('copied-in', 10, { partition: 0 }))
    await broker.close()
    await millrace(['run', COPY, '--until-caught-up'], env)
  })

  it('should say what it would do, and do nothing', async () => {
    const said = await millrace(['reset', COPY], env)
    expect(said).to.include('application copied\n')
    expect(said).to.include('would set the position in copied-in/0 from 10 to 0')
    expect(said).to.include('leaves topic copied-out as it is')
    expect(said).to.match(/nothing has been changed; --execute does it\n$/)
    expect(await plan()).to.deep.include({ executed: false, application: 'copied' })
    expect((await plan()).inputs[0]).to.deep.include({ partition: 0, from: 10, offset: 0 })
  })

  it('should be refused while an instance runs', async () => {
    const running = startMillrace(['run', COPY], env)
    await running.printed(/assigned/)
    const { code, stderr } = await runMillrace(['reset', COPY, '--execute'], env)
    expect(code, stderr).to.equal(3)
    expect(stderr).to.match(/application "copied" is running: its group has 1 member \(process \d+ on/)
    running.kill('SIGTERM')
    expect((await running.ended).code).to.equal(0)
    expect((await plan()).inputs[0]).to.deep.include({ from: 10 })
  })

  it('should refuse to be told twice where to begin', async () => {
    const { code, stderr } = await runMillrace(['reset', COPY, '--to-latest', '--to-offset', '3'], env)
    expect(code).to.equal(2)
    expect(stderr).to.include('say once where to begin')
  })

  it('should do it when it is told to', async () => {
    expect(await millrace(['reset', COPY, '--to-offset', '4', '--execute'], env)).to.match(
      /setting the position in copied-in\/0 from 10 to 4\n(?:.*\n)*done/,
    )
    expect((await plan()).inputs[0]).to.deep.include({ from: 4 })
    await millrace(['run', COPY, '--until-caught-up'], env)
    const broker = await openEmbeddedBroker({ dir })
    const ends = await broker.admin.offsets('copied-out')
    await broker.close()
    expect(ends.reduce((sum, { end }) => sum + end, 0)).to.equal(10 + 6)
  })

  async function plan() {
    return JSON.parse(await millrace(['reset', COPY, '--json'], env))
  }
})
