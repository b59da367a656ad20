import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { json } from '../../lib/contract/serde.ts'
import {
  branch,
  enrich,
  filter,
  flatMap,
  keyBy,
  MillraceError,
  map,
  peek,
  type Retry,
  type Stream,
  sink,
  topic,
  topology,
  validate,
} from '../../lib/index.ts'
import { jsonTopology, Keyed, output, process } from '../support/pipeline.ts'

const twice: Retry = { retry: 2, backoff: '1ms', otherwise: 'dead-letter' }
const keyed = (value: string, key: string) => new Keyed(value, { key: Buffer.from(key) })

/** Hands values back, but fails so often for each of these first; tells which were asked, in order. */
function flaky(failures: Readonly<Record<string, number>>) {
  const asked: string[] = []
  const left = new Map(Object.entries(failures))
  const check = (value: string) => {
    asked.push(value)
    const more = left.get(value) ?? 0
    left.set(value, more - 1)
    if (more > 0) throw new Error('flaky')
    return value
  }
  return { asked, check }
}

describe('a step that tries again', () => {
  const upper = (check: (value: string) => void, onError: Retry = twice) =>
    jsonTopology<string>((input) =>
      input.pipe(
        map(
          'upper',
          (value) => {
            check(value)
            return value.toUpperCase()
          },
          { onError },
        ),
        sink('out', output),
      ),
    )

  it('should ask once where nothing fails', async () => {
    const { asked, check } = flaky({})
    const { out, counters } = await process(upper(check), [['a', 'b']])
    expect(out).to.deep.equal(['A', 'B'])
    expect(asked).to.deep.equal(['a', 'b'])
    expect(counters.get('upper', 'retried')).to.equal(0)
  })

  it('should hand on what succeeds in the end, in input order, and count the attempts', async () => {
    const { check } = flaky({ b: 2, d: 1 })
    const { out, letters, counters } = await process(upper(check), [['a', 'b', 'c', 'd', 'e']])
    expect(out).to.deep.equal(['A', 'B', 'C', 'D', 'E'])
    expect(letters).to.deep.equal([])
    expect(counters.get('upper', 'retried')).to.equal(3)
  })

  it('should give up after the last attempt, and go on with the next record', async () => {
    const { asked, check } = flaky({ b: 9 })
    const { out, letters } = await process(upper(check), [['a', 'b', 'c'], ['d']])
    expect(out).to.deep.equal(['A', 'C', 'D'])
    expect(letters).to.deep.equal(['upper: Error: flaky'])
    expect(asked.filter((value) => value === 'b')).to.have.length(3)
  })

  it('should let the records of one key follow one another, and those of others not wait for them', async () => {
    const { asked, check } = flaky({ a1: 2 })
    const { out } = await process(upper(check), [
      [keyed('a1', 'a'), keyed('a2', 'a'), keyed('b1', 'b'), keyed('a3', 'a')],
    ])
    expect(out).to.deep.equal(['A1', 'A2', 'B1', 'A3'])
    expect(asked.filter((value) => value.startsWith('a'))).to.deep.equal(['a1', 'a1', 'a1', 'a2', 'a3'])
    expect(asked.indexOf('b1')).to.be.below(asked.indexOf('a2'))
  })

  for (const otherwise of ['skip', 'fail'] as const) {
    it(`should do as it says when nothing helps: ${otherwise}`, async () => {
      const { check } = flaky({ a: 9 })
      const done = process(upper(check, { ...twice, otherwise }), [['a', 'b']])
      if (otherwise === 'skip') {
        const { out, letters, counters } = await done
        expect([out, letters]).to.deep.equal([['B'], []])
        expect(counters.get('upper', 'skipped')).to.equal(1)
      } else {
        const error = await done.catch((caught: unknown) => caught)
        expect(error).to.include({ code: 'STEP' }).and.have.property('message').that.includes('flaky')
      }
    })
  }

  it('should leave the event loop alone while it waits', async () => {
    let turns = 0
    const { check } = flaky({ a: 1 })
    const turning = setInterval(() => turns++, 1)
    // As short as chance makes it, some wait is there: `again` waits until a turn has been seen.
    const again = (value: string) => {
      check(value)
      if (turns === 0) throw new Error('no turn yet')
    }
    await process(upper(again, { retry: 100, backoff: '5ms', otherwise: 'fail' }), [['a']])
    clearInterval(turning)
    expect(turns).to.be.at.least(1)
  })

  it('should stop waiting when the task ends', async () => {
    const { check } = flaky({ a: 9 })
    const stopped = new AbortController()
    const reason = new MillraceError('FENCED', 'the assignment has ended')
    const doing = process(
      upper(check, { retry: 9, backoff: '1h', maxBackoff: '1h', otherwise: 'skip' }),
      [['a']],
      {
        signal: stopped.signal,
      },
    ).catch((caught: unknown) => caught)
    await delay(0)
    stopped.abort(reason)
    expect(await doing).to.equal(reason)
  })

  it('should not try again what a step rejects by itself', async () => {
    let asked = 0
    const said = jsonTopology<string>((input) =>
      input.pipe(
        validate(
          'known',
          (value) => {
            asked++
            return value === 'b' ? 'unknown' : undefined
          },
          { onError: twice },
        ),
        sink('out', output),
      ),
    )
    const { out, letters } = await process(said, [['a', 'b', 'c']])
    expect([out, letters, asked]).to.deep.equal([['a', 'c'], ['known: unknown'], 3])
  })

  const others: [
    string,
    (check: (value: string) => string) => (input: Stream<string, string>) => Stream<string, unknown>,
  ][] = [
    [
      'flatMap',
      (check) => (input) => input.pipe(flatMap('step', (value) => [check(value)], { onError: twice })),
    ],
    [
      'filter',
      (check) => (input) => input.pipe(filter('step', (value) => check(value) === value, { onError: twice })),
    ],
    ['peek', (check) => (input) => input.pipe(peek('step', check, { onError: twice }))],
    [
      'validate',
      (check) => (input) => input.pipe(validate('step', (value) => void check(value), { onError: twice })),
    ],
    ['keyBy', (check) => (input) => input.pipe(keyBy('step', (value) => check(value), { onError: twice }))],
    [
      'enrich',
      (check) => (input) => input.pipe(enrich('step', async (value) => check(value), { onError: twice })),
    ],
    [
      'branch',
      (check) => (input) =>
        input.pipe(branch('step', { all: (value) => check(value) === value }, { onError: twice })).all,
    ],
  ]
  for (const [verb, step] of others) {
    it(`should be any of one record: ${verb}`, async () => {
      const { check } = flaky({ a: 2, b: 9 })
      const said = jsonTopology<string>((input) => step(check)(input).pipe(sink('out', output)))
      const { out, letters, counters } = await process(said, [['a', 'b', 'c']])
      expect([out, letters]).to.deep.equal([['a', 'c'], ['step: Error: flaky']])
      expect(counters.get('step', 'retried')).to.equal(4)
    })
  }

  it('should not hold back what a sibling does', async () => {
    const { check } = flaky({ a: 2 })
    const seen: string[] = []
    const said = topology('spec', ({ source }) => {
      const input = source('input', topic('in', { value: json<string>() }))
      input.pipe(
        peek('held', (value) => void seen.push(`held ${check(value)}`), { onError: twice }),
        sink('out', output),
      )
      input.pipe(
        peek('sibling', (value) => void seen.push(`sibling ${value}`)),
        sink('other', topic('other', { value: json<string>() })),
      )
    })
    await process(said, [['a', 'b']])
    expect(seen).to.deep.equal(['sibling a', 'sibling b', 'held a', 'held b'])
  })
})
