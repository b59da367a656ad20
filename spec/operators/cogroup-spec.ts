import { expect } from 'chai'
import {
  and,
  cogroup,
  json,
  keyBy,
  type Stream,
  session,
  sink,
  type Table,
  topic,
  topology,
  tumbling,
  type Windowed,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { type TestDriverOptions, testDriver } from '../../lib/testing/index.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'
import { failureOf } from '../contract/failure-of.ts'
import { lettersOf, type Short, shortened } from '../support/driven.ts'
import { shownWindow } from '../support/driven-windows.ts'

type Input = Stream<string, string | null>

/** Which topic a record is piped into, and what. */
type Into = readonly [topic: 'a' | 'b', ...Short]

/** Adds values in the letter of their stream; "!" deletes, "?" throws. */
const labelled = (label: string) => (all: string, value: string | null) => {
  if (value === '?') throw new RangeError('unlucky')
  return value === '!' ? null : `${all}${label}(${value})`
}

/** JSON records of topics `a` and `b` through what groups them to topic `out`. Nulls go on. */
const both = <K>(define: (a: Input, b: Input) => Table<K, string>, windows = false) =>
  topology('spec', ({ source }) => {
    const input = (name: string) =>
      source(name, topic(name, { value: json<string>() }), { nullValues: 'pass' })
    const out = windows
      ? topic('out', { key: windowedKey(), value: json<string>() })
      : topic('out', { value: json<string>() })
    ;(define(input('a'), input('b')) as Table<unknown, string>).pipe(sink('out', out as never))
  })

const grouped = both((a, b) => a.pipe(cogroup('both', () => '', labelled('A'), and(b, labelled('B')))))

const windowed = both(
  (a, b) =>
    a.pipe(
      window('tens', tumbling(10, { grace: 5 })),
      cogroup('both', () => '', labelled('A'), and(b, labelled('B'))),
    ),
  true,
)

async function driven(
  said: ReturnType<typeof both>,
  inputs: readonly Into[],
  options: TestDriverOptions = {},
) {
  const driver = await testDriver(said, options)
  try {
    for (const [into, key, value, timestamp] of inputs) await driver.pipe(into, { key, value, timestamp })
    return { out: shortened(driver), letters: lettersOf(driver), counters: driver.counters }
  } finally {
    await driver.close()
  }
}

describe('cogroup', () => {
  it('should hand on nothing of nothing', async () => {
    expect((await driven(grouped, [])).out).to.deep.equal([])
  })

  it('should add the records of each stream in its own way to one aggregate', async () => {
    const { out } = await driven(grouped, [
      ['a', 'k', '1', 10],
      ['b', 'k', '2', 5],
      ['b', 'l', '3', 7],
      ['a', 'k', '4', 20],
    ])
    expect(out).to.deep.equal([
      ['k', 'A(1)', 10],
      ['k', 'A(1)B(2)', 10],
      ['l', 'B(3)', 7],
      ['k', 'A(1)B(2)A(4)', 20],
    ])
  })

  it('should delete by null from any stream, and begin again', async () => {
    const { out } = await driven(grouped, [
      ['a', 'k', '1', 10],
      ['b', 'k', '!', 5],
      ['b', 'k', '2', 3],
    ])
    expect(out).to.deep.equal([
      ['k', 'A(1)', 10],
      ['k', null, 10],
      ['k', 'B(2)', 3],
    ])
  })

  it('should ignore records without a key or a value, and refuse what throws', async () => {
    const { out, letters, counters } = await driven(grouped, [
      ['a', null, '1', 1],
      ['b', 'k', null, 2],
      ['b', 'k', '?', 3],
    ])
    expect(out).to.deep.equal([])
    expect(letters).to.deep.equal(['both: RangeError: unlucky'])
    expect([counters.get('both', 'null-key'), counters.get('both', 'null-value')]).to.deep.equal([1, 1])
  })

  it('should group a stream with itself', async () => {
    const twice = both((a, b) => {
      b.pipe(sink('rest', topic('rest', { value: json<string | null>() })))
      return a.pipe(cogroup('both', () => '', labelled('A'), and(a, labelled('B'))))
    })
    const { out } = await driven(twice, [['a', 'k', '1', 1]])
    expect(out.map(([, value]) => value)).to.deep.equal(['A(1)', 'A(1)B(1)'])
  })

  it('should give each stream a time of its own', async () => {
    const { out, counters } = await driven(windowed, [
      ['a', 'k', 'far', 100],
      ['b', 'k', 'in time', 8],
      ['a', 'k', 'late', 8],
      ['b', 'k', 'ahead', 15],
      ['b', 'k', 'late too', 9],
    ])
    expect(out.map(shownWindow)).to.deep.equal([
      'k@100-110 = A(far) at 100',
      'k@0-10 = B(in time) at 8',
      'k@10-20 = B(ahead) at 15',
    ])
    expect(counters.get('both', 'late')).to.equal(2)
  })

  it('should merge sessions of all streams', async () => {
    const said = both<Windowed<string>>(
      (a, b) =>
        a.pipe(
          window('visits', session(5, { grace: 100 })),
          cogroup(
            'both',
            { init: () => '', merge: (earlier, later) => earlier + later },
            labelled('A'),
            and(b, labelled('B')),
          ),
        ),
      true,
    )
    const { out } = await driven(said, [
      ['a', 'k', '1', 10],
      ['b', 'k', '2', 20],
      ['b', 'k', '3', 15],
    ])
    expect(out.map(shownWindow).at(-1)).to.equal('k@10-20 = A(1)B(2)B(3) at 20')
  })

  it('should be fed through repartition topics of its name behind changed keys', async () => {
    const said = both((a, b) =>
      a.pipe(
        cogroup(
          'both',
          () => '',
          labelled('A'),
          and(b.pipe(keyBy('by-value', (value) => value)), labelled('B')),
        ),
      ),
    )
    const names = subTopologiesOf(said).map(({ inputs }) => inputs.map(({ name }) => name))
    expect(names).to.have.deep.members([['b'], ['a', 'both-2-repartition']])
    const { out } = await driven(
      said,
      [
        ['b', 'x', 'k', 1],
        ['a', 'k', '2', 2],
      ],
      { partitions: 3 },
    )
    expect(out.map(([key, value]) => [key, value])).to.deep.equal([
      ['k', 'B(k)'],
      ['k', 'B(k)A(2)'],
    ])
  })

  it('should refuse to emit on close, for which there is no one time', () => {
    const said = () =>
      both(
        (a, b) =>
          a.pipe(
            window('tens', tumbling(10), { emit: 'close' }),
            cogroup('both', () => '', labelled('A'), and(b, labelled('B'))),
          ),
        true,
      )
    expect(failureOf(said)).to.match(/step "both" aggregates several streams, each with a time of its own/)
  })
})
