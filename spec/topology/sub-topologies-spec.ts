import { expect } from 'chai'
import {
  count,
  drops,
  foreignKeyJoin,
  join,
  joinGlobal,
  joinTable,
  json,
  keyBy,
  keyValueStore,
  map,
  merge,
  process,
  repartition,
  type Stream,
  sink,
  type Topology,
  topic,
  topology,
  within,
} from '../../lib/index.ts'
import { subTopologiesOf, topicOf, upstreamOf } from '../../lib/topology/sub-topologies.ts'

const of = (name: string) => topic<string, string>(name, { value: json<string>() })
const any = (name: string) => topic<string, unknown>(name, { value: json<unknown>() })
const both = (left: unknown, right: unknown) => `${left}${right}`
const byValue = (name: string) => keyBy<string, string>(name, (value) => value)

/** By sub-topology: what it reads, and its steps. */
const shapeOf = (said: Topology) =>
  subTopologiesOf(said).map(({ inputs, steps }) => ({
    reads: inputs.map((input) => topicOf(input, 'app')),
    steps: steps.map(({ name }) => name),
  }))

/** By sub-topology: whose time it waits for. */
const upstreams = (said: Topology) =>
  subTopologiesOf(said).map((sub) => upstreamOf(said, sub).map(({ id }) => id))

describe('subTopologiesOf', () => {
  it('should keep together what is connected, and apart what is not', () => {
    const said = topology('t', ({ source }) => {
      const a = source('a', of('a'))
      source('b', of('b')).pipe(sink('b-out', any('b-out')))
      a.pipe(merge('merged', source('c', of('c'))), sink('out', any('out')))
    })
    // Numbered by what comes first in each.
    expect(shapeOf(said)).to.deep.equal([
      { reads: ['a', 'c'], steps: ['merged', 'out'] },
      { reads: ['b'], steps: ['b-out'] },
    ])
    expect(subTopologiesOf(said).map(({ id }) => id)).to.deep.equal([0, 1])
  })

  it('should be split by a repartition topic, which ends one and begins the next', () => {
    const said = topology('t', ({ source }) => {
      const counted = source('a', of('a')).pipe(byValue('by'), count('counted'))
      counted.pipe(sink('out', any('out')))
    })
    expect(shapeOf(said)).to.deep.equal([
      { reads: ['a'], steps: ['by', 'counted-repartition'] },
      { reads: ['app-counted-repartition'], steps: ['counted', 'out'] },
    ])
    expect(upstreams(said)).to.deep.equal([[], [0]])
  })

  it('should hold what joins across repartition topics', () => {
    const said = topology('t', ({ source, table }) => {
      const [a, b] = [source('a', of('a')), source('b', of('b'))]
      a.pipe(
        byValue('by'),
        join('joined', b, within(5), both),
        joinTable('asked', table('rows', of('rows')), both),
        sink('out', any('out')),
      )
    })
    expect(shapeOf(said)).to.deep.equal([
      { reads: ['a'], steps: ['by', 'joined-left-repartition'] },
      { reads: ['b', 'rows', 'app-joined-left-repartition'], steps: ['joined', 'asked', 'out'] },
    ])
    expect(upstreams(said)).to.deep.equal([[], [0]])
  })

  it('should keep together steps that share a store', () => {
    const said = topology('t', ({ source }) => {
      const last = keyValueStore<string>('last')
      const remember = (name: string) =>
        process<string, string>(name, { stores: { last } }, (_, forward) => (value) => {
          forward({ value })
        })
      source('a', of('a')).pipe(remember('one'), sink('a-out', any('a-out')))
      source('b', of('b')).pipe(remember('two'), sink('b-out', any('b-out')))
    })
    expect(shapeOf(said)).to.deep.equal([{ reads: ['a', 'b'], steps: ['one', 'a-out', 'two', 'b-out'] }])
  })

  it('should leave what a repartition topic does not take before it', () => {
    const said = topology('t', ({ source }) => {
      const through = source('a', of('a')).pipe(repartition('through'))
      through.pipe(drops('left-out'), sink('dropped', any('dropped')))
      through.pipe(sink('out', any('out')))
    })
    expect(shapeOf(said)).to.deep.equal([
      { reads: ['a'], steps: ['through-repartition', 'left-out', 'dropped'] },
      { reads: ['app-through-repartition'], steps: ['out'] },
    ])
  })

  it('should know that a repartition topic may lead back into its own', () => {
    const said = topology('t', ({ source }) => {
      const a: Stream<string, string> = source('a', of('a'))
      a.pipe(
        map('same', (value) => value),
        join('joined', a.pipe(byValue('by')), within(5), both),
        sink('out', any('out')),
      )
    })
    expect(shapeOf(said)).to.deep.equal([
      {
        reads: ['a', 'app-joined-right-repartition'],
        steps: ['by', 'same', 'joined-right-repartition', 'joined', 'out'],
      },
    ])
    expect(upstreams(said)).to.deep.equal([[]])
  })

  it('should let the halves of a foreign-key join feed each other, and neither wait', () => {
    const said = topology('t', ({ table }) => {
      const other = table('b', of('b'))
      sink(
        'out',
        any('out'),
      )(table('a', of('a')).pipe(foreignKeyJoin('joined', other, (row: string) => row, both)))
    })
    const halves = Map.groupBy(shapeOf(said), ({ steps }) => (steps.includes('joined') ? 'left' : 'right'))
    expect(halves.get('left')?.map(({ reads }) => reads)).to.deep.equal([
      ['a', 'app-joined-subscription-response-topic'],
    ])
    expect(halves.get('right')?.map(({ reads }) => reads)).to.deep.equal([
      ['b', 'app-joined-subscription-registration-topic'],
    ])
    expect(upstreams(said)).to.deep.equal([[], []])
  })

  it('should give no task to a global table', () => {
    const said = topology('t', ({ source, globalTable }) => {
      const rows = globalTable('rows', of('rows'))
      source('a', of('a')).pipe(
        joinGlobal('asked', rows, (value: string) => value, both),
        sink('out', any('out')),
      )
    })
    expect(shapeOf(said)).to.deep.equal([{ reads: ['a'], steps: ['asked', 'out'] }])
  })

  it('should have each step once, and each topic of the topology read by one of them', () => {
    const said = topology('t', ({ source }) => {
      const a = source('a', of('a')).pipe(byValue('by'))
      const one = a.pipe(count('one'))
      const two = a.pipe(count('two'))
      sink('one-out', any('one-out'))(one)
      sink('two-out', any('two-out'))(two)
    })
    const shape = shapeOf(said)
    const steps = shape.flatMap((sub) => sub.steps)
    expect(steps).to.have.members(said.nodes.filter(({ kind }) => kind !== 'source').map(({ name }) => name))
    expect(shape.flatMap(({ reads }) => reads)).to.deep.equal([
      'a',
      'app-one-repartition',
      'app-two-repartition',
    ])
  })
})
