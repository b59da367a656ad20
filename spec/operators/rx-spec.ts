import { expect } from 'chai'
import {
  bufferCount,
  concatMap,
  delay,
  filter,
  groupBy,
  last,
  map,
  mergeMap,
  NEVER,
  of,
  pipe,
  throwError,
} from 'rxjs'
import { rx, sink } from '../../lib/index.ts'
import { jsonTopology, Keyed, output, process } from '../support/pipeline.ts'

const keyed = (value: unknown, key: string) => new Keyed(value, { key: Buffer.from(key) })

describe('rx', () => {
  it('should run any operators over the records of one micro-batch, and complete with it', async () => {
    const latest = jsonTopology<number>((input) =>
      input.pipe(
        rx(
          'latest-per-key',
          pipe(
            groupBy(({ key }) => key),
            mergeMap((group) => group.pipe(last())),
          ),
        ),
        sink('out', output),
      ),
    )
    const { out } = await process(latest, [[keyed(1, 'a'), keyed(2, 'b'), keyed(3, 'a')], [keyed(4, 'a')]])
    expect(out).to.have.members([2, 3, 4])
    expect(out.at(-1)).to.equal(4)
  })

  it('should let values and numbers of records change', async () => {
    const pairs = jsonTopology<number>((input) =>
      input.pipe(
        rx(
          'pairs',
          pipe(
            filter(({ value }) => value > 0),
            bufferCount(2),
            map((two) => ({ ...two.at(-1)!, value: two.map(({ value }) => value) })),
          ),
        ),
        sink('out', output),
      ),
    )
    expect((await process(pairs, [[1, -1, 2, 3]])).out).to.deep.equal([[1, 2], [3]])
  })

  it('should wait for operators that take their time', async () => {
    const slow = jsonTopology<number>((input) =>
      input.pipe(
        rx(
          'slow',
          concatMap((record) => of(record).pipe(delay(1))),
        ),
        sink('out', output),
      ),
    )
    expect((await process(slow, [[1, 2]])).out).to.deep.equal([1, 2])
  })

  it('should refuse the records of a micro-batch on which they fail', async () => {
    const failing = jsonTopology<number>((input) =>
      input.pipe(
        rx(
          'fragile',
          mergeMap((record) => (record.value === 13 ? throwError(() => new Error('unlucky')) : of(record))),
        ),
        sink('out', output),
      ),
    )
    const { out, letters } = await process(failing, [[1, 13], [2]])
    expect(out).to.deep.equal([2])
    expect(letters).to.deep.equal(['fragile: Error: unlucky', 'fragile: Error: unlucky'])
  })

  it('should refuse the one to which they give a time that is none', async () => {
    const timed = jsonTopology<number>((input) =>
      input.pipe(
        rx(
          'timed',
          map((record) => ({ ...record, timestamp: record.value })),
        ),
        sink('out', output),
      ),
    )
    const { out, letters } = await process(timed, [[1, 1.5, -1, 2]])
    expect(out).to.deep.equal([1, 2])
    const refused = 'timed: its operators gave a record a timestamp that is negative or no whole number'
    expect(letters).to.deep.equal([refused, refused])
  })

  it('should refuse them too when the operators never complete', async () => {
    const hanging = jsonTopology<number>((input) =>
      input.pipe(
        rx(
          'hanging',
          mergeMap((record) => (record.value > 0 ? NEVER : of(record))),
          { timeout: 5 },
        ),
        sink('out', output),
      ),
    )
    expect((await process(hanging, [[1]])).letters).to.deep.equal([
      'hanging: TimeoutError: Timeout has occurred',
    ])
  })
})
