import { expect } from 'chai'
import {
  aggregate,
  groupAggregate,
  groupBy,
  join,
  keyBy,
  leftJoin,
  map,
  type Stream,
  session,
  sliding,
  structured,
  tableMap,
  toStream,
  toTable,
  tumbling,
  window,
  within,
} from '../../lib/index.ts'
import type { Table } from '../../lib/topology/stream.ts'
import type { Windows } from '../../lib/windows/windows.ts'
import { chain, driven } from '../support/driven.ts'

type Input = Stream<string, string>
type Result = Stream<string, unknown> | Table<string, unknown>

/** What no store can hold, and JSON leaves out. */
const made = (value: string): unknown => (value === 'bad' ? { call: () => value } : value)
const last = (_: unknown, value: string) => made(value)
const windowed = (windows: Windows) => (input: Input) =>
  input.pipe(
    window('windows', windows),
    aggregate('step', () => '' as unknown, last, { merge: (_, later) => later }),
    toStream('updates'),
    keyBy('key', (_, { key }) => key?.key ?? null),
  )

const verbs: Record<string, (input: Input) => Result> = {
  aggregate: (input) => input.pipe(aggregate('step', () => '' as unknown, last)),
  'aggregate in tumbling windows': windowed(tumbling(10)),
  'aggregate in sliding windows': windowed(sliding(10)),
  'aggregate in sessions': windowed(session(10)),
  toTable: (input) => input.pipe(map('made', made), toTable('step')),
  'toTable with a history': (input) => input.pipe(map('made', made), toTable('step', { history: 100 })),
  'a materialized tableMap': (input) =>
    input.pipe(toTable('rows'), tableMap('step', made, { materialize: true })),
  groupAggregate: (input) =>
    input.pipe(
      toTable('rows'),
      groupBy('group', (row) => ['g', row]),
      groupAggregate(
        'step',
        () => '' as unknown,
        last,
        (all) => all,
      ),
    ),
}

describe('a value that can not be stored', () => {
  for (const [name, define] of Object.entries(verbs)) {
    it(`should be a dead letter of ${name}, and stop nothing`, async () => {
      const { out, letters } = await driven(chain<string>(define), [
        ['a', 'x', 1],
        ['a', 'bad', 2],
        ['a', 'y', 3],
      ])
      expect(letters).to.deep.equal(["step: object holds something that can't be stored, like a function"])
      expect(out.map(([, value]) => value)).to.include('y')
    })
  }

  it('should leave a materialized table without a row, never with one of before', async () => {
    const { out } = await driven(chain<string>(verbs['a materialized tableMap']!), [
      ['a', 'x', 1],
      ['a', 'bad', 2],
    ])
    expect(out).to.deep.equal([
      ['a', 'x', 1],
      ['a', null, 2],
    ])
  })

  it('should leave sessions as they were', async () => {
    const { out } = await driven(chain<string>(verbs['aggregate in sessions']!), [
      ['a', 'x', 1],
      ['a', 'bad', 2],
    ])
    expect(out.map(([, value]) => value)).to.deep.equal(['x'])
  })

  for (const [name, verb] of Object.entries({ join, leftJoin })) {
    it(`should be a dead letter of ${name}, that has joined what was there`, async () => {
      const said = chain<string>((input) => {
        const values = input.pipe(map('made', made))
        const format = structured<unknown>()
        return values.pipe(
          verb('step', input.pipe(map('others', String)), within(10), (_, right) => right, { left: format }),
        )
      })
      const { out, letters } = await driven(said, [
        ['a', 'x', 1],
        ['a', 'bad', 2],
        ['a', 'y', 3],
      ])
      expect(letters).to.deep.equal(["step: object holds something that can't be stored, like a function"])
      expect(out.map(([, value]) => value)).to.deep.equal(['x', 'x', 'bad', 'x', 'bad', 'y', 'y'])
    })
  }
})
