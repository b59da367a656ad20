import { expect } from 'chai'
import type { MillraceError } from '../../lib/errors.ts'
import type { WorkerOptions } from '../../lib/runtime/worker-options.ts'
import { until } from '../support/until.ts'
import { CLEAN, judge } from './support/judge.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'
import { type Copying, copying, copyOf, expected } from './topics/copying.ts'

const PARTITIONS = [0, 1, 2, 3]

describe('fault row 29: two of one application id', () => {
  it('should refuse one with another guarantee', () =>
    refused('another guarantee', () => ({ guarantee: 'at-least-once' })))

  it('should refuse one with another topology', () =>
    refused('another topology', ({ name, input, output }) => ({
      topology: copyOf(name, input, output, PARTITIONS.length, 'other'),
    })))

  async function refused(fault: string, other: (stage: Copying) => Partial<WorkerOptions>): Promise<void> {
    const records = rowRecords() / PARTITIONS.length
    const stage = await copying(PARTITIONS.length)
    const first = await stage.start({ guarantee: 'exactly-once' })
    try {
      await until('the first has its partitions', () => first.assigned)
      const writing = stage.write(0, records)
      await until('it works', () => written(first) > 0)
      const second = await stage.start({ guarantee: 'exactly-once', ...other(stage) })
      const error = await second.done.then(
        () => expect.fail('it should have been refused'),
        (failure: MillraceError) => failure,
      )
      await second.stop()
      expect(error.code).to.equal('CONFIG')
      expect(error.message).to.match(/is running with another topology or guarantee\. Stop all its instances/)
      expect(written(second)).to.equal(0)
      await writing
      await until('all is copied', () => written(first) >= records * PARTITIONS.length)
    } finally {
      await first.stop()
    }
    const verdict = judge(expected(0, records, PARTITIONS), await stage.seen())
    const { lost, duplicated } = verdict
    report({
      ...{ row: 29, fault, records: records * PARTITIONS.length, kills: 0 },
      ...{ lost: lost.length, duplicated: duplicated.length, recoverySeconds: null, peakMemory: null },
    })
    await stage.close()
    expect(verdict).to.deep.equal(CLEAN)
  }
})

function written({
  counters,
}: {
  readonly counters: { snapshot(): Readonly<Record<string, object>> }
}): number {
  return (counters.snapshot().out as { written?: number } | undefined)?.written ?? 0
}
