import { expect } from 'chai'
import {
  enrich,
  type LastResort,
  MillraceError,
  map,
  process,
  type Retry,
  rx,
  type SinkTarget,
  type Stream,
  sink,
} from '../../lib/index.ts'
import { failureOf } from '../contract/failure-of.ts'
import { jsonTopology, output } from '../support/pipeline.ts'

const retry: Retry = { retry: 3, backoff: '100ms', otherwise: 'skip' }
const table: SinkTarget = { connector: 'cassandra', name: 'table' }

/** What a topology file in JavaScript can say, though it does not compile. */
const unchecked = (onError: unknown) => ({ onError: onError as LastResort })

describe('error policies', () => {
  const policyOf = (onError: Retry | LastResort | undefined) => {
    const said = jsonTopology<string>((input) =>
      input.pipe(
        map('step', (value) => value, { onError }),
        sink('out', output),
      ),
    )
    const node = said.nodes.find(({ name }) => name === 'step')
    return node !== undefined && 'onError' in node ? node.onError : undefined
  }

  it('should be dead letters unless said otherwise', () => {
    expect(policyOf(undefined)).to.equal('dead-letter')
    expect(policyOf('skip')).to.equal('skip')
  })

  it('should be kept in milliseconds, at most ten seconds between two attempts unless said', () => {
    expect(policyOf(retry)).to.deep.equal({ retry: 3, backoff: 100, maxBackoff: 10_000, otherwise: 'skip' })
    expect(policyOf({ ...retry, maxBackoff: '2s' })).to.have.property('maxBackoff', 2000)
  })

  for (const [what, wrong, told] of [
    ['no attempt', { ...retry, retry: 0 }, 'retry: 0'],
    ['half an attempt', { ...retry, retry: 1.5 }, 'retry: 1.5'],
    ['no duration', { ...retry, backoff: 'soon' }, '"soon" is no duration'],
    ['nothing after the last', { retry: 1, backoff: 1 }, "otherwise: 'dead-letter'"],
  ] as const) {
    it(`should refuse ${what}`, () => {
      const error = failureOf(() => policyOf(wrong as Retry))
      expect(error).to.include({ code: 'CONFIG' })
      expect(error.message).to.include(told)
    })
  }

  for (const [what, define, told] of [
    [
      'a step with state',
      (input: Stream<string, string>) =>
        input.pipe(
          process('step', unchecked(retry), (_, forward) => (value) => forward({ value })),
          sink('out', output),
        ),
      'its state',
    ],
    [
      'a micro-batch of RxJS operators',
      (input: Stream<string, string>) =>
        input.pipe(
          rx('step', (records) => records, unchecked(retry)),
          sink('out', output),
        ),
      'its records together',
    ],
    [
      'a sink to a topic',
      (input: Stream<string, string>) => input.pipe(sink('step', output, unchecked(retry))),
      'waited for',
    ],
  ] as const) {
    it(`should refuse, with the reason, to try again: ${what}`, () => {
      const error = failureOf(() => jsonTopology<string>(define))
      expect(error).to.be.instanceOf(MillraceError).and.include({ code: 'CONFIG' })
      expect(error.message).to.include('step "step" can\'t try again').and.include(told)
    })
  }

  it('should let a table be written again', () => {
    jsonTopology<object>((input) => input.pipe(sink('step', table as SinkTarget<object>, { onError: retry })))
  })

  it('should let enrich say once how often it retries', () => {
    const said = (options: object) =>
      jsonTopology<string>((input) =>
        input.pipe(
          enrich('step', async (value) => value, options),
          sink('out', output),
        ),
      )
    expect(said({ onError: retry }).nodes.find(({ name }) => name === 'step')).to.include({ retry: 3 })
    expect(failureOf(() => said({ onError: retry, retry: 5 })).message).to.include('says twice')
  })
})
