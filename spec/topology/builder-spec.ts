import { expect } from 'chai'
import { json } from '../../lib/contract/serde.ts'
import {
  describe as described,
  description,
  filter,
  MillraceError,
  map,
  merge,
  mermaid,
  sink,
  topic,
  topology,
  validate,
} from '../../lib/index.ts'
import { duration } from '../../lib/duration.ts'

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

describe('describe', () => {
  const chain = (extra: boolean) =>
    topology('orders', ({ source }) => {
      const numbers = source('numbers', input)
      const valid = numbers.pipe(validate('positive', (n) => (n > 0 ? undefined : 'not positive')))
      if (extra)
        valid.pipe(
          map('inserted', (n) => n),
          sink('other', output),
        )
      valid.pipe(
        map('double', (n) => n * 2),
        sink('end', output),
      )
    })

  it('should show the steps as text', () => {
    expect(described(chain(false))).to.equal(
      [
        'Topology: orders',
        '  Sub-topology: 0',
        '    Source: numbers (topic: in, value: bytes)',
        '      --> positive',
        '    Validate: positive',
        '      --> double',
        '      <-- numbers',
        '    Map: double',
        '      --> end',
        '      <-- positive',
        '    Sink: end (topic: out, value: bytes)',
        '      <-- double',
        '  Dead letters: orders.dlq',
      ].join('\n'),
    )
  })

  it('should draw a Mermaid flowchart', () => {
    expect(mermaid(chain(false)).split('\n')).to.deep.equal([
      'flowchart LR',
      '  s0[("numbers<br/>topic: in, value: bytes")]',
      '  s1["positive"]',
      '  s2["double"]',
      '  s3[("end<br/>topic: out, value: bytes")]',
      '  s0 --> s1',
      '  s1 --> s2',
      '  s2 --> s3',
    ])
  })

  it('should take streams that meet for one sub-topology, and others for others', () => {
    const said = topology('t', ({ source }) => {
      const a = source('a', input)
      const b = source('b', topic('in-b', { value: json<number>() }))
      source('c', topic('in-c', { value: json<number>() })).pipe(sink('c-out', output))
      a.pipe(merge('both', b), sink('ab-out', output))
    })
    const names = description(said).subTopologies.map(({ steps }) => steps.map(({ name }) => name))
    expect(names).to.deep.equal([
      ['a', 'b', 'both', 'ab-out'],
      ['c', 'c-out'],
    ])
  })

  it('should rename nothing when a step is inserted', () => {
    const names = (text: string) => [...text.matchAll(/^ {4}\w+: (\w+)/gm)].map((match) => match[1])
    expect(names(described(chain(true)))).to.include.members(names(described(chain(false))))
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
