import { expect } from 'chai'
import {
  count,
  json,
  keyBy,
  map,
  sink,
  type Table,
  type Topology,
  topic,
  topology,
  toStream,
  tumbling,
  window,
} from '../../lib/index.ts'
import { toStreamStep } from '../../lib/operators/to-stream.ts'
import type { Context } from '../../lib/record.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { awaits } from '../../lib/topology/lag.ts'
import type { ToStreamNode } from '../../lib/topology/table-nodes.ts'
import { chain, driven, lettersOf, shortened } from '../support/driven.ts'
import { internalNames } from '../support/internal-names.ts'

type Rows = Table<string, number>

/** Rows of topic `in`, as a table, through what is said. */
const of = (
  define: (rows: Rows) => ReturnType<ReturnType<typeof toStream<string, number>>>,
  history?: string,
) =>
  topology('spec', ({ table }) => {
    const rows = table(
      'rows',
      topic('in', { value: json<number>() }),
      history === undefined ? {} : { history },
    )
    define(rows).pipe(sink('out', topic('out', { value: json<number | null>() })))
  })

const updates = of((rows) => rows.pipe(toStream('updates')))

describe('toStream', () => {
  it('should give nothing of nothing', async () => {
    expect((await driven(updates, [])).out).to.deep.equal([])
  })

  it('should give each update as a record, in order, deletions as null', async () => {
    const { out } = await driven(updates, [
      ['a', 1, 10],
      ['b', 2, 5],
      ['a', 3, 20],
      ['a', null, 30],
    ])
    expect(out).to.deep.equal([
      ['a', 1, 10],
      ['b', 2, 5],
      ['a', 3, 20],
      ['a', null, 30],
    ])
  })

  it('should swallow no update: equal ones, older ones and deletions of what is not there', async () => {
    const { out } = await driven(updates, [
      ['a', null, 1],
      ['a', 1, 10],
      ['a', 1, 10],
      ['a', 0, 3],
    ])
    expect(out).to.deep.equal([
      ['a', null, 1],
      ['a', 1, 10],
      ['a', 1, 10],
      ['a', 0, 3],
    ])
  })

  it('should show the older rows of a versioned table too, and not what is older than its history', async () => {
    const { out } = await driven(
      of((rows) => rows.pipe(toStream('updates')), '10ms'),
      [
        ['a', 1, 100],
        ['a', 2, 95],
        ['a', 3, 80],
      ],
    )
    expect(out).to.deep.equal([
      ['a', 1, 100],
      ['a', 2, 95],
    ])
  })

  it('should give windows with their keys', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        window('tens', tumbling(10)),
        count('counts'),
        toStream('updates'),
        map('said', (n, { key }) => `[${key.start},${key.end}) ${n}`),
        keyBy('of', (_, { key }) => key.key),
      ),
    )
    const { out } = await driven(said, [['a', 'x', 12]])
    expect(out).to.deep.equal([['a', '[10,20) 1', 12]])
  })

  it('should keep headers, and change no place: what follows needs no repartition topic', async () => {
    const said = of((rows) => rows.pipe(toStream('updates'), count('again'), toStream('more')))
    expect(internalNames(said)).to.deep.equal({ topics: [], stores: ['again', 'rows'] })
    const driver = await testDriver(updates)
    const headers = [['trace', Buffer.from('t')]] as const
    await driver.pipe('in', { key: 'a', value: 1, timestamp: 5, headers })
    expect(driver.read('out')[0]?.headers).to.deep.equal(headers)
    await driver.close()
  })

  it('should hand on what a later step refuses as a dead letter', async () => {
    const driver = await testDriver(
      of((rows) =>
        rows.pipe(
          toStream('updates'),
          map('halved', (n): number | null => {
            if (n === null) throw new Error('nothing to halve')
            return n / 2
          }),
        ),
      ),
    )
    await driver.pipe('in', { key: 'a', value: null, timestamp: 1 })
    await driver.pipe('in', { key: 'a', value: 4, timestamp: 2 })
    expect(lettersOf(driver)).to.have.length(1)
    expect(shortened(driver)).to.deep.equal([['a', 2, 2]])
    await driver.close()
  })

  describe("with { updates: 'last' }", () => {
    const keptOnly = (said: Topology) => {
      const node = said.nodes.find((one): one is ToStreamNode => one.kind === 'toStream')!
      const shown: unknown[] = []
      const counts: Record<string, number> = {}
      const count = (_: string, what: string, by = 1) => {
        counts[what] = (counts[what] ?? 0) + by
      }
      const show = (value: unknown, { key, timestamp }: Context) => shown.push([key, value, timestamp])
      const step = toStreamStep(node, show, { count })
      if (typeof step === 'function') throw new Error('it hands on at once')
      return {
        counts,
        push: (key: unknown, value: unknown, timestamp: number) =>
          step.push(value, { key, timestamp } as unknown as Context),
        async flushed() {
          await step.flush(new AbortController().signal)
          return shown.splice(0)
        },
      }
    }
    const last = of((rows) => rows.pipe(toStream('updates', { updates: 'last' })))

    it('should leave out what the same micro-batch replaces, in the order of what is left', async () => {
      const step = keptOnly(last)
      step.push('a', 1, 10)
      step.push('b', 2, 5)
      step.push('a', 3, 20)
      step.push('b', null, 4)
      expect(await step.flushed()).to.deep.equal([
        ['a', 3, 20],
        ['b', null, 4],
      ])
      step.push('b', 7, 6)
      expect(await step.flushed()).to.deep.equal([['b', 7, 6]])
      expect(await step.flushed()).to.deep.equal([])
      expect(step.counts).to.deep.equal({ replaced: 2 })
    })

    it('should tell one window from another', async () => {
      const step = keptOnly(
        chain<string>((input) =>
          input.pipe(
            window('tens', tumbling(10)),
            count('counts'),
            toStream('updates', { updates: 'last' }),
            keyBy('of', (_, { key }) => key.key),
          ),
        ),
      )
      const [early, late] = [
        { key: 'a', start: 0, end: 10 },
        { key: 'a', start: 10, end: 20 },
      ]
      step.push(early, 1, 1)
      step.push(late, 1, 12)
      step.push({ ...early }, 2, 3)
      expect(await step.flushed()).to.deep.equal([
        [late, 1, 12],
        [early, 2, 3],
      ])
    })

    it('should have a task behind it told of its own time, not of what the task has read since', () => {
      const repartition = (updates: 'all' | 'last') =>
        of((rows) =>
          rows.pipe(
            toStream('updates', { updates }),
            keyBy('other', () => 'x'),
            count('of-x'),
            toStream('counts'),
          ),
        ).nodes.find(({ kind }) => kind === 'repartition')!
      expect([awaits(repartition('all')), awaits(repartition('last'))]).to.deep.equal([false, true])
    })

    it('should show every update where one comes at a time', async () => {
      const { out } = await driven(last, [
        ['a', 1, 10],
        ['a', 2, 20],
      ])
      expect(out).to.deep.equal([
        ['a', 1, 10],
        ['a', 2, 20],
      ])
    })
  })
})
