import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { MillraceError } from '../../lib/errors.ts'
import { count, json, sink, stringKey, topic, topology, toStream } from '../../lib/index.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { kafkaTool } from '../support/kafka-tool.ts'
import { servers } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { CLEAN, judge } from './support/judge.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'
import { copying, expected, numbered } from './topics/copying.ts'

const RECORDS = rowRecords() / 4

describe('fault row 27: partitions are added while it runs', () => {
  it('should read the new ones from their beginning', async () => {
    const stage = await copying(2)
    const worker = await stage.start()
    try {
      await stage.write(0, RECORDS)
      await until('it works', () => worker.counters.get('out', 'written') > 0)
      await addPartitions(stage.input, 4)
      await until(
        'the broker has them',
        async () => (await stage.broker.admin.offsets(stage.input)).length === 4,
      )
      const since = performance.now()
      await stage.write(RECORDS, 2 * RECORDS, [0, 1, 2, 3])
      await until('all is copied', () => worker.counters.get('out', 'written') >= 6 * RECORDS)
      await worker.stop()
      const wanted = [...expected(0, 2 * RECORDS, [0, 1]), ...expected(RECORDS, 2 * RECORDS, [2, 3])]
      const verdict = judge(wanted, await stage.seen())
      report({
        ...{ row: 27, fault: 'partitions added', records: wanted.length, kills: 0, peakMemory: null },
        ...{ lost: verdict.lost.length, duplicated: verdict.duplicated.length },
        recoverySeconds: (performance.now() - since) / 1000,
      })
      expect(verdict).to.deep.equal(CLEAN)
    } finally {
      await worker.stop()
      await stage.close()
    }
  })

  it('should refuse them where there is state, while it runs and at the next start', async () => {
    const stage = await copying(2)
    const stateDir = mkdtempSync(join(tmpdir(), 'millrace-row-27-'))
    const name = `${stage.name}-counting`
    const counting = topology(name, ({ source }) => {
      source('in', topic(stage.input, { key: stringKey, value: json<{ n: number }>(), partitions: 2 })).pipe(
        count('per-key'),
        toStream('updates'),
        sink('out', topic(`${name}-out`, { key: stringKey, value: json<number | null>(), partitions: 1 })),
      )
    })
    for (const resource of resourcesOf(counting, name, stage.environment)) await resource.create()
    const start = () => stage.start({ topology: counting, stateDir })
    const refusal = new RegExp(
      `^topic "${name}-per-key-changelog" has 2 partitions, and needs 4\\. State in code`,
    )
    try {
      const worker = await start()
      await stage.write(0, 10)
      await until('it works', () => worker.counters.get('out', 'written') > 0)
      await addPartitions(stage.input, 4)
      const producer = await stage.broker.producer({})
      await until(
        'the broker has them',
        async () => (await stage.broker.admin.offsets(stage.input)).length === 4,
      )
      await producer.send([numbered(stage.input, 3, 0)])
      await producer.close()
      const error = await failed(worker.done)
      await worker.stop()
      expect(error.code).to.equal('CONFIG')
      expect(error.message).to.match(refusal)
      expect((await failed(start())).message).to.match(refusal)
    } finally {
      await stage.close()
      rmSync(stateDir, { recursive: true })
    }
  })
})

async function addPartitions(topic: string, partitions: number): Promise<void> {
  const brokers = servers().kafkaBrokers
  await kafkaTool('TopicCommand', [
    ...['--bootstrap-server', brokers, '--alter', '--topic', topic, '--partitions', String(partitions)],
  ])
}

function failed(work: Promise<unknown>): Promise<MillraceError> {
  return work.then(
    () => expect.fail('it should have failed'),
    (error) => error,
  )
}
