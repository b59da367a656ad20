import { expect } from 'chai'
import type { PlacedRecord } from '../../lib/broker/partition-choice.ts'
import { WriteQueue } from '../../lib/broker/write-queue.ts'
import { MillraceError } from '../../lib/errors.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { failureOf } from '../conformance/failure-of.ts'

function records(...values: string[]): PlacedRecord[] {
  const common = { topic: 't', partition: 0, key: null, timestamp: 0, headers: NO_HEADERS }
  return values.map((value) => ({ ...common, value: Buffer.from(value) }))
}

function valuesOf(written: readonly PlacedRecord[]): string[] {
  return written.map(({ value }) => String(value))
}

describe('write queue', () => {
  it('should write one at a time, and together what comes in meanwhile', async () => {
    const writes: string[][] = []
    const first = Promise.withResolvers<void>()
    const queue = new WriteQueue(async (written) => {
      writes.push(valuesOf(written))
      if (writes.length === 1) await first.promise
    })
    const sends = [queue.add(records('a')), queue.add(records('b', 'c')), queue.add(records('d'))]
    expect(writes).to.deep.equal([['a']])
    first.resolve()
    await Promise.all(sends)
    expect(writes).to.deep.equal([['a'], ['b', 'c', 'd']])
  })

  it('should let the others through when the broker refuses the records of one call', async () => {
    const started = Promise.withResolvers<void>()
    const written: string[] = []
    const queue = new WriteQueue(async (batch) => {
      await started.promise
      if (valuesOf(batch).includes('bad')) throw new MillraceError('WRITE', 'refused')
      written.push(...valuesOf(batch))
    })
    const sends = [queue.add(records('first')), queue.add(records('bad')), queue.add(records('good'))]
    started.resolve()
    expect((await failureOf(sends[1]!)).code).to.equal('WRITE')
    await Promise.all([sends[0], sends[2]])
    expect(written).to.deep.equal(['first', 'good'])
  })

  it('should reject all calls of a write that is worth trying again', async () => {
    let writes = 0
    const queue = new WriteQueue(async () => {
      writes++
      throw new MillraceError('UNREACHABLE', 'away')
    })
    const failures = await Promise.all(['a', 'b', 'c'].map((value) => failureOf(queue.add(records(value)))))
    expect(failures.map(({ code }) => code)).to.deep.equal(['UNREACHABLE', 'UNREACHABLE', 'UNREACHABLE'])
    expect(writes).to.equal(2)
  })

  it('should be idle when everything has been written', async () => {
    let written = 0
    const queue = new WriteQueue(async (batch) => {
      await Promise.resolve()
      written += batch.length
    })
    const sends = [queue.add(records('a')), queue.add(records('b'))]
    await queue.idle()
    expect(written).to.equal(2)
    await Promise.all(sends)
  })
})
