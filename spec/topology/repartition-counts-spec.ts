import { expect } from 'chai'
import {
  count,
  foreignKeyJoin,
  join,
  joinTable,
  json,
  keyBy,
  merge,
  repartition,
  type Stream,
  sink,
  type Table,
  topic,
  topology,
  toStream,
  within,
} from '../../lib/index.ts'
import type { Builder } from '../../lib/topology/builder.ts'
import { checkCoPartitioning } from '../../lib/topology/co-partitioning.ts'

type Text = Stream<string, string>
type Counted = (name: string, partitions: number) => Text

const both = (left: unknown, right: unknown) => `${left}${right}`
const byValue = (name: string) => keyBy<string, string>(name, (value) => value)
const of = (name: string, partitions: number) =>
  topic<string, string>(name, { value: json<string>(), partitions })

/** The count of each repartition topic, by the name of its step. `end` of what is given to it need not be a sink. */
function countsOf(
  define: (
    source: Counted,
    end: (place: Stream<string, unknown> | Table<string, unknown>) => void,
    builder: Builder,
  ) => void,
): Record<string, number> {
  let ends = 0
  const said = topology('t', (builder) => {
    const end = (place: Stream<string, unknown> | Table<string, unknown>) => {
      const name = `end-${ends++}`
      sink(name, topic<string, unknown>(name, { value: json<unknown>() }))(place as Stream<string, unknown>)
    }
    define((name, partitions) => builder.source(name, of(name, partitions)), end, builder)
  })
  return Object.fromEntries(
    [...checkCoPartitioning(said)].map(([{ name }, partitions]) => [name, partitions]),
  )
}

describe('repartitionCounts', () => {
  it('should be of nothing where nothing is repartitioned', () => {
    expect(countsOf((source, end) => end(source('a', 4)))).to.deep.equal({})
  })

  it('should be as many as the widest topic upstream', () => {
    const counts = countsOf((source, end) => {
      const merged = source('a', 3).pipe(merge('merged', source('b', 7), source('c', 5)))
      end(merged.pipe(byValue('by'), count('counted')))
    })
    expect(counts).to.deep.equal({ 'counted-repartition': 7 })
  })

  it('should be what was said', () => {
    const counts = countsOf((source, end) =>
      end(source('a', 3).pipe(repartition('said', { partitions: 12 }))),
    )
    expect(counts).to.deep.equal({ 'said-repartition': 12 })
  })

  it('should be handed on from one repartition topic to the next', () => {
    const counts = countsOf((source, end) => {
      const first = source('a', 3).pipe(repartition('first', { partitions: 12 }))
      end(first.pipe(byValue('by'), repartition('second'), byValue('again'), count('third')))
    })
    expect(counts).to.deep.equal({
      'first-repartition': 12,
      'second-repartition': 12,
      'third-repartition': 12,
    })
  })

  it('should be that of the topic it meets, not that of where it comes from', () => {
    const counts = countsOf((source, end) => {
      end(source('a', 8).pipe(byValue('by'), join('joined', source('b', 2), within(5), both)))
    })
    expect(counts).to.deep.equal({ 'joined-left-repartition': 2 })
  })

  it('should be that of the table it meets', () => {
    const counts = countsOf((source, end, { table }) => {
      end(source('a', 8).pipe(byValue('by'), joinTable('joined', table('b', of('b', 2)), both)))
    })
    expect(counts).to.deep.equal({ 'joined-repartition': 2 })
  })

  it('should be the widest of both where two meet', () => {
    const counts = countsOf((source, end) => {
      const b = source('b', 8).pipe(byValue('by-b'))
      end(source('a', 2).pipe(byValue('by-a'), join('joined', b, within(5), both)))
    })
    expect(counts).to.deep.equal({ 'joined-left-repartition': 8, 'joined-right-repartition': 8 })
  })

  it('should be what the other was said to have', () => {
    const counts = countsOf((source, end) => {
      const b = source('b', 8).pipe(repartition('said', { partitions: 5 }))
      end(source('a', 2).pipe(byValue('by-a'), join('joined', b, within(5), both)))
    })
    expect(counts).to.deep.equal({ 'said-repartition': 5, 'joined-left-repartition': 5 })
  })

  it('should be one along a chain of joins, in whatever order they were said', () => {
    const shared = (source: Counted) => source('s', 8).pipe(byValue('by-s'), repartition('shared'))
    const expected = { 'shared-repartition': 3, 'one-left-repartition': 3 }
    const forward = countsOf((source, end) => {
      const middle = shared(source)
      end(source('a', 9).pipe(byValue('by-a'), join('one', middle, within(5), both)))
      end(middle.pipe(join('two', source('b', 3), within(5), both)))
    })
    expect(forward).to.deep.equal(expected)
    const backward = countsOf((source, end) => {
      const a = source('a', 9).pipe(byValue('by-a'))
      const middle = shared(source)
      end(middle.pipe(join('two', source('b', 3), within(5), both)))
      end(a.pipe(join('one', middle, within(5), both)))
    })
    expect(backward).to.deep.equal(expected)
  })

  it('should be one where a join of two repartition topics is joined with a third', () => {
    const counts = countsOf((source, end) => {
      const [b, c] = [source('b', 4).pipe(byValue('by-b')), source('c', 6).pipe(byValue('by-c'))]
      const joined = source('a', 2).pipe(byValue('by-a'), join('one', b, within(5), both))
      end(joined.pipe(join('two', c, within(5), both)))
    })
    expect(counts).to.deep.equal({
      'one-left-repartition': 6,
      'one-right-repartition': 6,
      'two-right-repartition': 6,
    })
  })

  it('should give the two topics of a foreign-key join the counts of the tables they lead to', () => {
    const counts = countsOf((_, end, { table }) => {
      const other = table('b', of('b', 3))
      end(table('a', of('a', 5)).pipe(foreignKeyJoin('joined', other, (row: string) => row, both)))
    })
    expect(counts).to.deep.equal({
      'joined-subscription-registration-topic': 3,
      'joined-subscription-response-topic': 5,
    })
  })

  it('should end where the two sides of a foreign-key join feed each other', () => {
    const counts = countsOf((source, end) => {
      const counted = (name: string, partitions: number) =>
        source(name, partitions).pipe(byValue(`by-${name}`), count(`counted-${name}`))
      const joined = counted('a', 2).pipe(
        foreignKeyJoin('joined', counted('b', 6), (n: number) => String(n), both),
      )
      end(joined.pipe(toStream('updates')))
    })
    // Answers come from six tasks, and meet the rows of `a`.
    expect(counts).to.deep.equal({
      'counted-a-repartition': 6,
      'counted-b-repartition': 6,
      'joined-subscription-registration-topic': 6,
      'joined-subscription-response-topic': 6,
    })
  })
})
