import { expect } from 'chai'
import { json } from '../../lib/contract/serde.ts'
import { duration } from '../../lib/duration.ts'
import { filter, MillraceError, map, sink, topic, topology } from '../../lib/index.ts'

const input = topic('in', { value: json<number>() })
const output = topic('out', { value: json<number>() })

const refusal = (define: () => unknown): string => {
  try {
    define()
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'CONFIG') return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

describe('topology', () => {
  it('should say frozen nodes in order, and run nothing', () => {
    const said = topology('t', ({ source }) => {
      source('numbers', input).pipe(
        map('boom', (): number => {
          throw new Error('ran')
        }),
        sink('end', output),
      )
    })
    expect(said.nodes.map(({ kind, name }) => `${kind} ${name}`)).to.deep.equal([
      'source numbers',
      'map boom',
      'sink end',
    ])
    expect(said.nodes.every(Object.isFrozen)).to.equal(true)
    expect(Object.isFrozen(said) && Object.isFrozen(said.nodes)).to.equal(true)
  })

  it('should refuse two steps of one name', () => {
    const define = () =>
      topology('t', ({ source }) => {
        source('a', input).pipe(
          map('a', (n) => n),
          sink('end', output),
        )
      })
    expect(refusal(define)).to.equal('topology "t" has two steps named "a"; rename one')
  })

  it('should refuse a name that could be no topic name', () => {
    for (const name of ['', 'a b', '../x', 'é', 'x'.repeat(101)]) {
      const define = () => topology('t', ({ source }) => void source(name, input).pipe(sink('end', output)))
      expect(refusal(define)).to.include('needs a name of letters')
    }
  })

  it('should refuse a branch that leads nowhere', () => {
    const define = () =>
      topology('t', ({ source }) => {
        const numbers = source('numbers', input)
        numbers.pipe(filter('even', (n) => n % 2 === 0))
        numbers.pipe(sink('end', output))
      })
    expect(refusal(define)).to.equal(
      'step "even" of topology "t" leads nowhere; end its branch with sink(...)',
    )
  })

  it('should refuse to read one topic twice, and sources that start in different places', () => {
    const twice = () =>
      topology('t', ({ source }) => {
        source('a', input).pipe(sink('a-out', output))
        source('b', input).pipe(sink('b-out', output))
      })
    expect(refusal(twice)).to.equal(
      'topology "t" reads topic "in" twice; read it once, and pipe that stream twice',
    )
    const apart = () =>
      topology('t', ({ source }) => {
        source('a', input).pipe(sink('a-out', output))
        source('b', topic('in-b', { value: json<number>() }), { startAt: 'latest' }).pipe(
          sink('b-out', output),
        )
      })
    expect(refusal(apart)).to.equal('sources "a" and "b" must have the same startAt')
  })

  it('should refuse a topology without a source', () => {
    expect(refusal(() => topology('t', () => {}))).to.equal('topology "t" has no source')
  })
})

describe('duration', () => {
  it('should read milliseconds and units', () => {
    expect([5, '250ms', '2s', '1.5m', '1h', '7d'].map(duration)).to.deep.equal([
      5, 250, 2000, 90_000, 3_600_000, 604_800_000,
    ])
  })

  it('should refuse anything else', () => {
    for (const said of ['5', 'soon', '-1s', -1, Number.NaN]) {
      expect(refusal(() => duration(said))).to.include('is no duration')
    }
  })
})
