import { expect } from 'chai'
import {
  groupAggregate,
  groupBy,
  json,
  leftJoinTable,
  type MaterializeOptions,
  sink,
  tableFilter,
  tableMap,
  topic,
  topology,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { driven } from '../support/driven.ts'
import { tabled } from '../support/driven-rows.ts'
import { drivenTopics } from '../support/driven-topics.ts'

function mapping(options: MaterializeOptions<string> = {}) {
  return tabled<number>((rows) =>
    rows.pipe(
      tableMap(
        'mapped',
        (row, key) => {
          if (row === 13) throw new Error('unlucky')
          return row === 0 ? null : `${key}${row}`
        },
        options,
      ),
    ),
  )
}

describe('tableMap', () => {
  it('should show nothing of nothing', async () => {
    expect((await driven(mapping(), [])).out).to.deep.equal([])
  })

  it('should replace each row, hand on deletions, and take null for one', async () => {
    for (const materialize of [true, false]) {
      const { out } = await driven(mapping({ materialize }), [
        ['a', 1, 10],
        ['a', 1, 5],
        ['a', 0, 6],
        ['a', null, 7],
        ['b', null, 8],
      ])
      expect(out).to.deep.equal([
        ['a', 'a1', 10],
        ['a', 'a1', 5],
        ['a', null, 6],
        ['a', null, 7],
        ['b', null, 8],
      ])
    }
  })

  it('should call the function once a row where nobody asks for more, and never for a deletion', async () => {
    const calls: unknown[] = []
    const said = tabled<number>((rows) => rows.pipe(tableMap('mapped', (row) => calls.push(row))))
    await driven(said, [
      ['a', 1, 1],
      ['a', 2, 2],
      ['a', null, 3],
    ])
    expect(calls).to.deep.equal([1, 2])
  })

  it('should keep its result under its name', async () => {
    const driver = await testDriver(mapping({ materialize: true }))
    for (const [key, value] of [
      ['a', 1],
      ['b', 2],
      ['b', 0],
    ])
      await driver.pipe('in', { key, value, timestamp: 5 })
    expect([...driver.store('mapped').all()]).to.deep.equal([{ key: 'a', value: 'a1', timestamp: 5 }])
    await driver.close()
  })

  it('should tell steps behind it what was there before, kept or not', async () => {
    for (const materialize of [true, false]) {
      const said = tabled<number>((rows) =>
        rows.pipe(
          tableMap('mapped', (row) => `m${row}`, { materialize }),
          groupBy('all', (row) => ['all', row]),
          groupAggregate(
            'log',
            () => '',
            (log, row) => `${log}+${row}`,
            (log, row) => `${log}-${row}`,
          ),
        ),
      )
      const { out } = await driven(said, [
        ['a', 1, 1],
        ['a', 2, 2],
        ['a', null, 3],
      ])
      expect(out.map(([, log]) => log)).to.deep.equal(['+m1', '+m1-m1+m2', '+m1-m1+m2-m2'])
    }
  })

  it('should take a row that fails out of the result, as a dead letter, and go on', async () => {
    const { out, letters } = await driven(mapping(), [
      ['a', 1, 1],
      ['a', 13, 2],
      ['a', 2, 3],
    ])
    expect(out).to.deep.equal([
      ['a', 'a1', 1],
      ['a', null, 2],
      ['a', 'a2', 3],
    ])
    expect(letters).to.deep.equal(['mapped: Error: unlucky'])
  })

  it('should be asked for rows that it computes, as of a time where the table has a history', async () => {
    const said = (history?: number) =>
      topology('spec', ({ source, table }) => {
        const rows = table(
          'rows',
          topic('table', { value: json<number>() }),
          history === undefined ? {} : { history },
        ).pipe(
          tableFilter('small', (row) => row < 10),
          tableMap('mapped', (row) => {
            if (row === 3) throw new Error('no three')
            return `m${row}`
          }),
        )
        source('stream', topic('stream', { value: json<string>() })).pipe(
          leftJoinTable('joined', rows, (value, row) => `${value}+${row}`),
          sink('out', topic('out', { value: json() })),
        )
      })
    const inputs = [
      ['stream', 'a', 'none', 0],
      ['table', 'a', 1, 10],
      ['table', 'a', 2, 20],
      ['stream', 'a', 'two', 15],
      ['table', 'a', 30, 30],
      ['stream', 'a', 'large', 25],
      ['table', 'a', 3, 40],
      ['stream', 'a', 'failed', 50],
    ] as const
    const values = async (history?: number) =>
      (await drivenTopics(said(history), inputs)).out.map(([, value]) => value)
    expect(await values()).to.deep.equal(['none+null', 'two+m2', 'large+null', 'failed+null'])
    expect(await values(1000)).to.deep.equal(['none+null', 'two+m1', 'large+m2', 'failed+null'])
  })
})
