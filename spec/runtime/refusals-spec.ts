import { expect } from 'chai'
import { type ErrorCode, MillraceError } from '../../lib/errors.ts'
import { sink } from '../../lib/index.ts'
import type { Logger } from '../../lib/log.ts'
import { headerOf } from '../../lib/record.ts'
import { Counters } from '../../lib/runtime/counters.ts'
import { DEAD_LETTER } from '../../lib/runtime/dead-letters.ts'
import { Refusals } from '../../lib/runtime/refusals.ts'
import type { ErrorPolicy, SinkNode } from '../../lib/topology/nodes.ts'
import { jsonTopology, output } from '../support/pipeline.ts'
import { rawRecord } from './ports.ts'

function refusing(onError: ErrorPolicy) {
  const lines: string[] = []
  const keep = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const log: Logger = { debug: keep, info: keep, warn: keep, error: keep }
  const topology = jsonTopology((input) => input.pipe(sink('out', output, { onError })))
  const node = topology.nodes.find(({ kind }) => kind === 'sink') as SinkNode
  const counters = new Counters()
  const refusals = new Refusals(topology, counters, log)
  return {
    counters,
    lines,
    handle: (error: unknown) => refusals.handle(error, { node, raw: rawRecord(3, 'c4nary') }),
  }
}

function thrownBy(call: () => unknown): MillraceError {
  try {
    call()
  } catch (error) {
    return error as MillraceError
  }
  throw new Error('expected it to throw')
}

const headerIn = (letter: ReturnType<Refusals['handle']>, name: string) =>
  String(headerOf(letter!.headers, name))

describe('refusals', () => {
  for (const code of ['POISON', 'REJECTED', 'WRITE', 'STEP'] as ErrorCode[]) {
    it(`should make a dead letter of ${code}`, () => {
      const { handle, counters } = refusing('dead-letter')
      const letter = handle(new MillraceError(code, 'why'))
      expect(headerIn(letter, DEAD_LETTER.code)).to.equal(code)
      expect(headerIn(letter, DEAD_LETTER.reason)).to.equal('why')
      expect(counters.snapshot()).to.deep.equal({ out: { refused: 1 } })
    })
  }

  it("should make a dead letter of a user's exception, by its class", () => {
    const letter = refusing('dead-letter').handle(new TypeError('not that'))
    expect(headerIn(letter, DEAD_LETTER.reason)).to.equal('TypeError: not that')
    expect(headerIn(letter, DEAD_LETTER.code)).to.equal('STEP')
  })

  const stopping: ErrorCode[] = [
    'CONFIG',
    'UNREACHABLE',
    'MISSING',
    'DATA_LOSS',
    'CONTRACT',
    'FENCED',
    'INTERNAL',
  ]
  for (const code of stopping) {
    it(`should stop at ${code}, whatever the policy, and say where`, () => {
      for (const policy of ['dead-letter', 'skip', 'fail'] as ErrorPolicy[]) {
        const { handle, counters } = refusing(policy)
        const error = thrownBy(() => handle(new MillraceError(code, 'why')))
        expect(error).to.include({
          code,
          retriable: false,
          message: 'step "out" can\'t go on at in/0/3: why',
        })
        expect(error.at).to.deep.equal({ step: 'out', topic: 'in', partition: 0, offset: 3 })
        expect(counters.snapshot()).to.deep.equal({})
      }
    })
  }

  it('should count and drop with `skip`', () => {
    const { handle, counters } = refusing('skip')
    expect(handle(new Error('why'))).to.equal(undefined)
    expect(counters.snapshot()).to.deep.equal({ out: { skipped: 1 } })
  })

  it('should stop with `fail`', () => {
    expect(thrownBy(() => refusing('fail').handle(new Error('why')))).to.include({ code: 'STEP' })
  })

  it('should log step and place, and neither value nor reason', () => {
    const { handle, lines } = refusing('dead-letter')
    handle(new Error('about c4nary'))
    expect(lines).to.have.length(1)
    expect(lines[0]).to.include('"step":"out"').and.include('in/0/3').and.not.include('c4nary')
  })
})
