import { expect } from 'chai'
import { CLEAN, judge } from './support/judge.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'
import { type Copying, copying, expected, numbered } from './topics/copying.ts'

const RECORDS = rowRecords()

/** Partitions: 0 is empty, 1 has only what was aborted, 2 ends in that, 3 begins where records were deleted. */
describe('fault row 26: nothing to read', () => {
  for (const guarantee of ['at-least-once', 'exactly-once'] as const) {
    it(`should start on an empty topic, be caught up at once, and stop, ${guarantee}`, async () => {
      const stage = await copying(3)
      try {
        await (await stage.start({ guarantee, untilCaughtUp: true })).done
        expect(await stage.seen()).to.deep.equal([])
      } finally {
        await stage.close()
      }
    })

    it(`should come to a lag of 0 past aborted, control and deleted records, ${guarantee}`, async () => {
      const stage = await copying(4)
      try {
        await stage.write(0, RECORDS, [2, 3])
        await stage.broker.upkeep.deleteRecords([{ topic: stage.input, partition: 3, offset: RECORDS / 2 }])
        await aborted(stage, [1, 2])
        await (await stage.start({ guarantee, untilCaughtUp: true })).done
        await expectNoLag(stage)
        await stage.write(RECORDS, RECORDS + 10, [2])
        await aborted(stage, [2])
        await (await stage.start({ guarantee, untilCaughtUp: true })).done
        await expectNoLag(stage)
        const wanted = [
          ...expected(0, RECORDS + 10, [2]),
          ...[...expected(0, RECORDS, [3])].slice(RECORDS / 2),
        ]
        const verdict = judge(wanted, await stage.seen())
        report({
          row: 26,
          fault: `aborted, control and deleted records, ${guarantee}`,
          records: wanted.length,
          kills: 0,
          lost: verdict.lost.length,
          duplicated: verdict.duplicated.length,
          recoverySeconds: null,
          peakMemory: null,
        })
        expect(verdict).to.deep.equal(CLEAN)
      } finally {
        await stage.close()
      }
    })
  }
})

async function aborted({ broker, input, name }: Copying, partitions: readonly number[]): Promise<void> {
  const producer = await broker.transactions({ id: `${name}-aborting`, group: `${name}-aborting` })
  await producer.send(partitions.flatMap((partition) => [0, 1, 2].map((n) => numbered(input, partition, -n))))
  await producer.abort()
  await producer.close()
}

async function expectNoLag({ broker, input, name }: Copying): Promise<void> {
  const committed = new Map(
    (await broker.admin.committed(name, [input])).map(({ partition, offset }) => [partition, offset]),
  )
  for (const { partition, earliest, end } of await broker.admin.offsets(input)) {
    expect(end - (committed.get(partition) ?? earliest), `lag of partition ${partition}`).to.equal(0)
  }
}
