import { expect } from 'chai'
import { Ledger } from '../../lib/deployed/ledger.ts'
import type { MillraceError } from '../../lib/errors.ts'
import { type Resource, startWorker } from '../../lib/index.ts'
import { cleanShadow, planClean } from '../../lib/replay/clean-shadow.ts'
import { createShadow } from '../../lib/replay/create-shadow.ts'
import { diffReport } from '../../lib/replay/diff/diff-report.ts'
import { shadowApplication, shadowOf } from '../../lib/replay/shadow.ts'
import { taskFolders } from '../../lib/runtime/reset/reset-state.ts'
import { until } from '../support/until.ts'
import { visit, visitsByCountry } from '../support/visits.ts'
import { Stage } from './stage.ts'

const counting = visitsByCountry('counting')
const SHADOW = 'counting.v2'
const OUTPUTS = ['counts.v2', 'counting.dlq.v2']
const INTERNAL = [`${SHADOW}-tens-repartition`, `${SHADOW}-per-country-changelog`]
const LIVE = [
  'visits',
  'counts',
  'counting.dlq',
  'counting-tens-repartition',
  'counting-per-country-changelog',
]

describe('a shadow that is made and removed', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.run(counting)
    await stage.produce(
      'visits',
      Array.from({ length: 300 }, (_, i) => [`${i}`, visit(i).value, visit(i).timestamp - i]),
    )
    await stage.run(counting)
  })
  after(() => stage.close())

  it('should be made without anything of the live application', async () => {
    const made: string[] = []
    const note = ({ kind, name }: Resource) => void made.push(`${kind} ${name}`)
    await createShadow(stage.shadow(counting, 'v2'), note)
    expect(made).to.have.members([
      'topic millrace.deployed',
      ...[...OUTPUTS, ...INTERNAL].map((topic) => `topic ${topic}`),
    ])
    made.length = 0
    await createShadow(stage.shadow(counting, 'v2'), note)
    expect(made).to.deep.equal([])
  })

  it('should hold what the live application has counted, by windows', async () => {
    await stage.runShadow(counting, 'v2')
    const options = { tables: {}, folder: stage.stateDir, values: false, sensitive: false }
    const { sinks, exitCode } = await diffReport({
      ...stage.shadow(counting, 'v2'),
      ...options,
      ...{ examples: 3, ignored: [] },
    })
    expect(exitCode, JSON.stringify(sinks)).to.equal(0)
    expect(sinks[0]).to.include({ live: 15 * 5, shadow: 15 * 5, same: 15 * 5 })
  })

  it('should be refused a name under which something else is', async () => {
    await stage.broker.admin.createTopic({ topic: 'counts.mine', partitions: 1 })
    const refused = await failureOf(createShadow(stage.shadow(counting, 'mine')))
    expect(refused.code).to.equal('DATA_LOSS')
    expect(refused.message).to.equal(
      'shadow "mine" would write to what is there already and is not its own: topic counts.mine. Choose another name',
    )
    expect(await there(['counting.dlq.mine'])).to.deep.equal([])
    expect((await failureOf(cleanShadow(cleaning('mine')))).code).to.equal('MISSING')
    expect(await there(['counts.mine'])).to.deep.equal(['counts.mine'])
  })

  it('should say what would be removed, and remove nothing', async () => {
    const plan = await planClean(cleaning('v2'))
    expect(plan.application).to.equal(SHADOW)
    expect(plan.topics).to.have.members([...OUTPUTS, ...INTERNAL])
    expect(plan.state).to.deep.equal(['1_0', '1_1', '1_2'])
    expect(await there([...OUTPUTS, ...INTERNAL])).to.have.length(4)
  })

  it('should not be removed while it is written to', async () => {
    const worker = await startWorker({
      topology: shadowOf(counting, 'v2'),
      application: shadowApplication('counting', 'v2'),
      environment: stage.environment,
      stateDir: stage.stateDir,
    })
    try {
      await until('the worker has partitions', async () => worker.assigned)
      const refused = await failureOf(cleanShadow(cleaning('v2')))
      expect(refused.code).to.equal('DATA_LOSS')
      expect(refused.message).to.match(/^application "counting.v2" is running/)
    } finally {
      await worker.stop()
    }
    expect(await there([...OUTPUTS, ...INTERNAL])).to.have.length(4)
  })

  it('should not be removed when the application runs on it', async () => {
    const ledger = new Ledger(stage.broker)
    await ledger.write('application', 'counting', { runsAs: SHADOW })
    const refused = await failureOf(cleanShadow(cleaning('v2')))
    expect(refused.code).to.equal('DATA_LOSS')
    expect(refused.message).to.match(/runs on the state of shadow "v2", which was promoted/)
    await ledger.write('application', 'counting', null)
    expect(await there([...OUTPUTS, ...INTERNAL])).to.have.length(4)
  })

  it('should be removed with all that is its own, and nothing else', async () => {
    await cleanShadow(cleaning('v2'))
    expect(await there([...OUTPUTS, ...INTERNAL])).to.deep.equal([])
    expect(await taskFolders(stage.stateDir, SHADOW)).to.deep.equal([])
    expect(await there(LIVE)).to.have.members(LIVE)
    expect(await taskFolders(stage.stateDir, 'counting')).to.deep.equal(['1_0', '1_1', '1_2'])
    expect((await failureOf(cleanShadow(cleaning('v2')))).message).to.match(
      /has no shadow "v2" \(there is: none\)/,
    )
  })

  it('should do what is left when it was killed, and can be made again', async () => {
    await stage.runShadow(counting, 'v2')
    await stage.broker.upkeep.deleteTopic('counts.v2')
    await stage.broker.upkeep.deleteTopic(INTERNAL[1]!)
    await cleanShadow(cleaning('v2'))
    expect(await there([...OUTPUTS, ...INTERNAL])).to.deep.equal([])
    await stage.runShadow(counting, 'v2')
    const [range] = (await stage.broker.admin.offsets('counts.v2')).filter(({ end }) => end > 0)
    expect(range!.end).to.be.greaterThan(0)
  })

  const cleaning = (name: string) => ({ ...stage.shadow(counting, name), stateDir: stage.stateDir })

  async function there(topics: readonly string[]): Promise<string[]> {
    return (await stage.broker.admin.topics(topics)).map(({ topic }) => topic)
  }
})

async function failureOf(work: Promise<unknown>): Promise<MillraceError> {
  return work.then(
    () => expect.fail('it was not refused'),
    (error: MillraceError) => error,
  )
}
