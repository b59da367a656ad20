import { expect } from 'chai'
import type { MillraceError } from '../../lib/errors.ts'
import { executeReset, planReset } from '../../lib/runtime/reset/reset.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { CLEAN, judge } from './support/judge.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'
import { type Copying, copying, expected } from './topics/copying.ts'

const RECORDS = rowRecords()

describe('fault row 28: a topic is gone, or what the group is to read next', () => {
  let stage: Copying
  beforeEach(async () => {
    stage = await copying(1)
    await stage.write(0, RECORDS)
    await (await stage.start({ untilCaughtUp: true })).done
  })
  afterEach(() => stage.close())

  it('should refuse positions in a topic that was made again, until they are reset', async () => {
    await stage.broker.upkeep.deleteTopic(stage.input)
    await apply()
    await stage.write(RECORDS, RECORDS + 10)
    // A broker may forget the group's positions with the topic: then it begins anew.
    await stage.broker.upkeep.setPositions(stage.name, [at(RECORDS)])
    await expectRefusal(`is at ${stage.input}/0/${RECORDS}`, 'the partition ends at 10')
    await afterReset('topic deleted and made again', RECORDS + 10)
  })

  it('should refuse positions whose records are deleted, until they are reset', async () => {
    await stage.write(RECORDS, RECORDS + 20)
    await stage.broker.upkeep.deleteRecords([{ topic: stage.input, partition: 0, offset: RECORDS + 10 }])
    await expectRefusal(`is at ${stage.input}/0/${RECORDS}`, `to ${RECORDS + 10} have been deleted`)
    await afterReset('records deleted that were not read', RECORDS + 20, RECORDS + 10)
  })

  it('should end a worker, and say so, when its topic is deleted while it runs', async () => {
    const worker = await stage.start()
    await stage.broker.upkeep.deleteTopic(stage.input)
    const error = await failed(worker.done)
    expect(error.message).to.include(stage.input)
    expect(error.code).to.be.oneOf(['MISSING', 'DATA_LOSS'])
    await worker.stop()
  })

  const at = (offset: number) => ({ topic: stage.input, partition: 0, offset })

  async function apply(): Promise<void> {
    for (const resource of resourcesOf(stage.copy, stage.name, stage.environment)) await resource.create()
  }

  /** Nothing is written by who refuses. */
  async function expectRefusal(...said: readonly string[]): Promise<void> {
    const worker = await stage.start()
    const error = await failed(worker.done)
    await worker.stop()
    expect(error.code).to.equal('DATA_LOSS')
    for (const part of said) expect(error.message).to.include(part)
    expect(await stage.seen()).to.have.length(RECORDS)
  }

  async function afterReset(fault: string, to: number, from = RECORDS): Promise<void> {
    const { copy: topology, name: application, environment } = stage
    const reset = { topology, application, environment, stateDir: '/nonexistent', sinks: false }
    const options = { ...reset, to: { how: 'earliest' } } as const
    await executeReset(await planReset(options), options)
    await apply()
    await (await stage.start({ untilCaughtUp: true })).done
    const wanted = [...expected(0, RECORDS, [0]), ...expected(from, to, [0])]
    const verdict = judge(wanted, await stage.seen())
    const { lost, duplicated } = verdict
    report({
      ...{ row: 28, fault, records: wanted.length, kills: 0 },
      ...{ lost: lost.length, duplicated: duplicated.length, recoverySeconds: null, peakMemory: null },
    })
    expect(verdict).to.deep.equal(CLEAN)
  }
})

async function failed(work: Promise<unknown>): Promise<MillraceError> {
  return work.then(
    () => expect.fail('it should have failed'),
    (error) => error,
  )
}
