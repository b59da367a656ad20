import { expect } from 'chai'
import {
  aggregate,
  branch,
  count,
  dedupe,
  drops,
  filter,
  flatMap,
  join,
  joinTable,
  json,
  keyBy,
  keyValueStore,
  map,
  merge,
  peek,
  process,
  repartition,
  rx,
  type Stream,
  sink,
  type Table,
  topic,
  topology,
  toStream,
  tumbling,
  validate,
  window,
  within,
} from '../../lib/index.ts'
import type { Place } from '../../lib/topology/stream.ts'
import { internalNames } from '../support/internal-names.ts'

type Text = Stream<string, string>

const of = (name: string) => topic<string, string>(name, { value: json<string>() })
const both = (left: unknown, right: unknown) => `${left}${right}`
const byValue = keyBy<string, string>('by', (value) => value)

/** The repartition topics of what is made of streams `a` and `b` and table `rows`. */
function topics(define: (a: Text, b: Text, rows: Table<string, string>) => readonly Place[]): string[] {
  const said = topology('t', ({ source, table }) => {
    const [a, b] = [source('a', of('a')), source('b', of('b'))]
    for (const [index, end] of [a, b, ...define(a, b, table('rows', of('rows')))].entries()) {
      sink(`end-${index}`, topic(`end-${index}`, { value: json() }))(end as Stream<string, unknown>)
    }
  })
  return internalNames(said).topics
}

const remembering = process<string, string>(
  'remembering',
  { stores: { last: keyValueStore<string>('last') } },
  () => () => {},
)

describe('repartition topics', () => {
  it('should not be there for a changed key that nothing asks for', () => {
    const found = topics((a) => [
      a.pipe(
        byValue,
        map('mapped', (value) => value),
        peek('seen', () => {}),
      ),
    ])
    expect(found).to.deep.equal([])
  })

  it('should not be there for a step that has the keys of its topic', () => {
    const found = topics((a, b, rows) => [
      a.pipe(count('counted')),
      a.pipe(window('windows', tumbling(5)), count('in-windows')),
      a.pipe(join('joined', b, within(5), both)),
      a.pipe(joinTable('asked', rows, both)),
      a.pipe(dedupe('seen', { within: 5 })),
      a.pipe(remembering),
    ])
    expect(found).to.deep.equal([])
  })

  it('should be named for the step that needs the keys', () => {
    const found = topics((a, b, rows) => {
      const changed = a.pipe(byValue)
      return [
        changed.pipe(count('counted')),
        changed.pipe(window('windows', tumbling(5)), count('in-windows')),
        changed.pipe(join('left-joined', b, within(5), both)),
        b.pipe(join('right-joined', changed, within(5), both)),
        changed.pipe(joinTable('asked', rows, both)),
        changed.pipe(dedupe('seen', { within: 5 })),
        changed.pipe(remembering),
      ]
    })
    expect(found).to.deep.equal([
      't-asked-repartition',
      't-counted-repartition',
      't-left-joined-left-repartition',
      't-remembering-repartition',
      't-right-joined-right-repartition',
      't-seen-repartition',
      't-windows-repartition',
    ])
  })

  const keepers: Record<string, (stream: Text) => Text> = {
    map: map('step', (value) => value),
    flatMap: flatMap('step', (value) => [value]),
    filter: filter('step', () => true),
    validate: validate('step', () => undefined),
    peek: peek('step', () => {}),
    branch: (stream) => stream.pipe(branch('step', { rest: true })).rest,
    'process that keeps keys': process('step', { keys: 'kept' }, () => () => {}),
  }
  for (const [name, step] of Object.entries(keepers)) {
    it(`should be known to be needed behind ${name}, and only behind a changed key`, () => {
      expect(topics((a) => [step(a.pipe(byValue)).pipe(count('counted'))])).to.deep.equal([
        't-counted-repartition',
      ])
      expect(topics((a) => [step(a).pipe(count('counted'))])).to.deep.equal([])
    })
  }

  const changers: Record<string, (stream: Text) => Text> = {
    keyBy: byValue,
    process: process('step', {}, () => () => {}),
    rx: rx('step', (records) => records),
    'merge with a changed one': (stream) => stream.pipe(merge('step', stream.pipe(byValue))),
  }
  for (const [name, step] of Object.entries(changers)) {
    it(`should be there behind ${name}`, () => {
      expect(topics((a) => [step(a).pipe(count('counted'))])).to.deep.equal(['t-counted-repartition'])
    })
  }

  it('should be there once, for what follows one that is there already', () => {
    const found = topics((a) => [
      a.pipe(
        byValue,
        dedupe('seen', { within: 5 }),
        map('mapped', (value) => value),
        count('counted'),
      ),
    ])
    expect(found).to.deep.equal(['t-seen-repartition'])
  })

  it('should be shared by two aggregations behind an explicit one, and not by two that each imply one', () => {
    const two = (stream: Text) => [
      stream.pipe(count('one')),
      stream.pipe(
        aggregate(
          'two',
          () => 0,
          (n: number) => n + 1,
        ),
      ),
    ]
    expect(topics((a) => two(a.pipe(byValue, repartition('shared'))))).to.deep.equal(['t-shared-repartition'])
    expect(topics((a) => two(a.pipe(byValue)))).to.deep.equal(['t-one-repartition', 't-two-repartition'])
  })

  it('should be there again where keys change again', () => {
    const found = topics((a) => [
      a.pipe(
        byValue,
        repartition('first'),
        keyBy('again', (value) => value),
        count('second'),
      ),
    ])
    expect(found).to.deep.equal(['t-first-repartition', 't-second-repartition'])
  })

  it('should not be there behind a table, whose keys are where they belong', () => {
    const found = topics((a) => [
      a.pipe(byValue, count('first'), toStream('updates'), map('mapped', String), count('second')),
    ])
    expect(found).to.deep.equal(['t-first-repartition'])
  })

  it('should be there for what was left out before the keys were brought together', () => {
    const found = topics((a) => {
      const through = a.pipe(byValue, repartition('through'))
      return [through, through.pipe(drops('left-out'), count('counted'))]
    })
    expect(found).to.deep.equal(['t-counted-repartition', 't-through-repartition'])
  })
})
