import { expect } from 'chai'
import { type Entrance, entranceTo } from '../../lib/dead-letters/entrance.ts'
import {
  branch,
  count,
  dedupe,
  filter,
  flatMap,
  json,
  keyBy,
  map,
  merge,
  type Stream,
  sink,
  type Topology,
  topic,
  topology,
  toStream,
} from '../../lib/index.ts'
import { withGuarantee } from '../../lib/topology/guarantee.ts'

type Value = { readonly id: string }
type Input = Stream<string, Value>

const out = (name: string) => sink<string, unknown>(name, topic(name, { value: json<unknown>() }))
const same = (name: string) => map<string, Value, Value>(name, (value) => value)
const table = { connector: 'cassandra', name: 'rows' } as const

function said(define: (input: Input) => void): Topology {
  return topology('said', ({ source }) => define(source('input', topic('in', { value: json<Value>() }))))
}

function entrance(define: (input: Input) => void, step: string, from = 'in'): Entrance {
  const found = entranceTo(said(define), 'app', { topic: from, step })
  if ('why' in found) throw new Error(found.why)
  return found
}

function why(define: (input: Input) => void, step: string, from = 'in'): string {
  const found = entranceTo(said(define), 'app', { topic: from, step })
  return 'why' in found ? found.why : 'it enters'
}

const stepsOf = ({ sub }: Entrance) => sub.steps.map(({ name }) => name)

describe('where a dead letter comes in again', () => {
  const forked = (input: Input) => {
    const first = input.pipe(same('first'))
    first.pipe(same('left'), out('left-out'))
    first.pipe(same('right'), out('right-out'))
    input.pipe(same('other'), out('other-out'))
  }

  it('should be the way to the step and what is behind it, without the other branches', () => {
    const found = entrance(forked, 'left')
    expect(stepsOf(found)).to.deep.equal(['first', 'left', 'left-out'])
    expect(found).to.deep.include({ writes: ['left-out'], handsOn: [], repeats: undefined })
    expect(stepsOf(entrance(forked, 'first'))).to.deep.equal([
      ...['first', 'left', 'left-out', 'right', 'right-out'],
    ])
    expect(entrance(forked, 'right-out').writes).to.deep.equal(['right-out'])
  })

  it('should be every branch for what the source refused', () => {
    expect(entrance(forked, 'input').writes).to.deep.equal(['left-out', 'right-out', 'other-out'])
  })

  it('should keep the routes of a branch in their places', () => {
    const routed = (input: Input) => {
      const { small, large } = input.pipe(branch('size', { small: ({ id }) => id < 'm', large: true }))
      small.pipe(same('s'), out('s-out'))
      large.pipe(same('l'), out('l-out'))
    }
    const found = entrance(routed, 'l')
    expect(stepsOf(found)).to.deep.equal(['size', 'size.small', 'size.large', 'l', 'l-out'])
    expect(found.writes).to.deep.equal(['l-out'])
  })

  const counted = (input: Input) => {
    input
      .pipe(
        same('before'),
        keyBy('by', ({ id }) => id),
        count('counted'),
        toStream('shown'),
        map('after', (n) => n),
      )
      .pipe(out('counts'))
  }

  it('should end where the running application goes on: at a repartition topic', () => {
    const found = entrance(counted, 'before')
    expect(stepsOf(found)).to.deep.equal(['before', 'by', 'counted-repartition'])
    expect(found).to.deep.include({ writes: [], handsOn: ['app-counted-repartition'], repeats: undefined })
  })

  it('should be none behind state that has moved on, or in front of it in the same task', () => {
    const repartitioned = 'app-counted-repartition'
    expect(why(counted, 'after', repartitioned)).to.match(/^step "after" follows "counted", whose state/)
    expect(why(counted, 'counted', repartitioned)).to.match(/^step "counted" keeps state that only/)
    const deduped = (input: Input) => {
      input.pipe(same('before'), dedupe('once', { within: '1m' }), out('out'))
    }
    expect(why(deduped, 'before')).to.match(/leads, without a repartition topic, to "once"/)
    expect(why(deduped, 'input')).to.include('millrace replay')
  })

  it('should be, for a row that a table refused, that table only: from its topic where it has one', () => {
    const stored = (input: Input) => {
      input.pipe(same('row'), sink('rows', table))
      input.pipe(out('copy'))
    }
    expect(entrance(stored, 'rows')).to.deep.include({ writes: ['rows'], handsOn: [] })
  })

  it('should name a step that is gone, and a topic that is not read', () => {
    expect(why(forked, 'nowhere')).to.equal('no step behind topic in is called "nowhere" any more')
    expect(why(forked, 'left', 'elsewhere')).to.equal('the topology does not read topic elsewhere')
  })

  it('should say where a part of the record may be in a topic already', () => {
    const several = (input: Input) => {
      input.pipe(
        flatMap('words', ({ id }) => id.split(' ').map((word) => ({ id: word }))),
        same('word'),
        out('out'),
      )
    }
    expect(entrance(several, 'word').repeats).to.match(/^"words" may make several records of one/)
    expect(entrance(several, 'words').repeats).to.equal(undefined)
    const joined = (input: Input) => {
      const a = input.pipe(filter('a', () => true))
      const b = input.pipe(filter('b', () => true))
      a.pipe(merge('both', b), same('word'), out('out'))
    }
    expect(entrance(joined, 'word').repeats).to.match(/^several ways lead to "word"/)
    expect(entrance(joined, 'a').repeats).to.equal(undefined)
    expect(stepsOf(entrance(joined, 'a'))).to.deep.equal(['a', 'both', 'word', 'out'])
  })

  it('should be another one exactly once, where tables are fed from topics', () => {
    const stored = said((input) => {
      input.pipe(
        flatMap('words', ({ id }) => [{ id }]),
        map('row', (value) => value, { onError: { retry: 1, backoff: '1ms', otherwise: 'dead-letter' } }),
        sink('rows', table),
      )
    })
    const exact = withGuarantee(stored, 'exactly-once')
    const early = entranceTo(exact, 'app', { topic: 'in', step: 'row' }) as Entrance
    expect(early).to.deep.include({ writes: [], handsOn: ['app-rows-repartition'], repeats: undefined })
    const late = entranceTo(exact, 'app', { topic: 'app-rows-repartition', step: 'rows' }) as Entrance
    expect(late.writes).to.deep.equal(['rows'])
  })
})
