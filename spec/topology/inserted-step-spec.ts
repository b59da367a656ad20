import { expect } from 'chai'
import {
  count,
  dedupe,
  filter,
  flatMap,
  foreignKeyJoin,
  join,
  joinTable,
  json,
  keyBy,
  keyValueStore,
  leftJoin,
  map,
  peek,
  process,
  reduce,
  repartition,
  type Stream,
  sink,
  suppress,
  type Topology,
  topic,
  topology,
  toStream,
  tumbling,
  untilTimeLimit,
  window,
  within,
} from '../../lib/index.ts'
import type { Builder } from '../../lib/topology/builder.ts'
import { internalNames } from '../support/internal-names.ts'

type Text = Stream<string, string>
type Spot = (stream: Text) => Text

const of = (name: string) => topic<string, string>(name, { value: json<string>() })
const out = (name: string) => topic<string, unknown>(name, { value: json<unknown>() })
const both = (left: unknown, right: unknown) => `${left}${right}`
const byValue = (name: string) => keyBy<string, string>(name, (value) => value)

/** Topologies with spots, `_`, at which a step may be inserted. */
const TOPOLOGIES: Record<string, (builder: Builder, _: Spot) => void> = {
  'windows behind a changed key': ({ source }, _) => {
    const counted = source('a', of('a')).pipe(
      _,
      byValue('by'),
      _,
      window('windows', tumbling(5)),
      count('counted'),
    )
    counted.pipe(suppress('last', untilTimeLimit(10)), sink('out', out('out')) as never)
  },
  'joins of streams and tables': ({ source, table }, _) => {
    const b = source('b', of('b')).pipe(_, byValue('by-b'), _)
    const joined = source('a', of('a')).pipe(_, byValue('by-a'), _, leftJoin('joined', b, within(5), both))
    joined.pipe(_, joinTable('asked', table('rows', of('rows')), both), _, sink('out', out('out')))
  },
  'a self join, twice': ({ source }, _) => {
    const a = source('a', of('a')).pipe(_, byValue('by'), _)
    a.pipe(join('once', a, within(5), both), sink('once-out', out('once-out')))
    a.pipe(join('twice', a, within(5), both), _, sink('twice-out', out('twice-out')))
  },
  'two aggregations behind one repartition topic': ({ source }, _) => {
    const shared = source('a', of('a')).pipe(_, byValue('by'), _, repartition('shared'))
    sink('counts', out('counts'))(shared.pipe(_, count('counted')))
    sink('texts', out('texts'))(shared.pipe(_, reduce('texts-joined', both)))
  },
  'a chain of stores': ({ source }, _) => {
    source('a', of('a')).pipe(
      _,
      byValue('by'),
      dedupe('seen', { within: 5 }),
      _,
      process('remembered', { stores: { last: keyValueStore<string>('last') } }, (__, forward) => (value) => {
        forward({ value })
      }),
      _,
      sink('out', out('out')),
    )
  },
  'tables joined by foreign key': ({ source, table }, _) => {
    const rows = source('a', of('a')).pipe(
      _,
      byValue('by'),
      _,
      reduce('rows', (all: string, value: string) => all + value),
    )
    const joined = rows.pipe(foreignKeyJoin('joined', table('b', of('b')), (row: string) => row, both))
    joined.pipe(toStream('updates'), map('texts', String), _, sink('out', out('out')))
  },
}

const INSERTED: Record<string, Spot> = {
  map: map('inserted', (value) => value),
  filter: filter('inserted', () => true),
  peek: peek('inserted', () => {}),
  flatMap: flatMap('inserted', (value) => [value]),
}

/** With the step at one of the spots; at none for spot -1. */
function said(define: (builder: Builder, _: Spot) => void, at = -1, step: Spot = (stream) => stream) {
  let spots = 0
  const built = topology('t', (builder) =>
    define(builder, (stream) => (spots++ === at ? step(stream) : stream)),
  )
  return { built, spots }
}

const steps = ({ nodes }: Topology) => nodes.map(({ name }) => name).filter((name) => name !== 'inserted')

for (const [name, define] of Object.entries(TOPOLOGIES)) {
  describe(`a step inserted into ${name}`, () => {
    const { built, spots } = said(define)

    it('should have something to rename', () => {
      expect(spots).to.be.greaterThan(1)
      expect(internalNames(built).topics).not.to.deep.equal([])
      expect(internalNames(built).stores).not.to.deep.equal([])
    })

    for (const [kind, step] of Object.entries(INSERTED)) {
      it(`should rename no topic, no store and no step: ${kind}, at any spot`, () => {
        for (let spot = 0; spot < spots; spot++) {
          const changed = said(define, spot, step).built
          expect(changed.nodes.some(({ name: inserted }) => inserted === 'inserted')).to.equal(true)
          expect(internalNames(changed)).to.deep.equal(internalNames(built))
          expect(steps(changed)).to.deep.equal(steps(built))
        }
      })
    }
  })
}

describe('a step inserted on one side of a self join', () => {
  it('should add the topic of the side that is now another stream, and rename none', () => {
    const topics = (_: Spot) => {
      const built = topology('t', ({ source }) => {
        const a = source('a', of('a')).pipe(byValue('by'))
        a.pipe(_, join('joined', a, within(5), both), sink('out', out('out')))
      })
      return internalNames(built).topics
    }
    expect(topics((stream) => stream)).to.deep.equal(['t-joined-left-repartition'])
    expect(topics(INSERTED.map!)).to.deep.equal(['t-joined-left-repartition', 't-joined-right-repartition'])
  })
})
