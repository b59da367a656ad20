import { expect } from 'chai'
import type { MillraceError } from '../../lib/errors.ts'
import {
  count,
  dedupe,
  hopping,
  json,
  keyBy,
  map,
  session,
  sink,
  sliding,
  type Topology,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { withoutReadBack } from '../../lib/replay/replayed-topology.ts'
import { spanOf } from '../../lib/replay/time-span.ts'

const numbers = topic('in', { value: json<number>() })
const values = { value: json<number | null>() }
const perWindow = topic('counts', { key: windowedKey(), ...values })

const windowed = (windows: Parameters<typeof window>[1]) =>
  topology('windowed', ({ source }) => {
    source('in', numbers).pipe(
      keyBy('by', (n) => String(n % 3)),
      window('windows', windows),
      count('counted'),
      toStream('updates'),
      sink('out', perWindow),
    )
  })

describe('how much more than a range is read', () => {
  it('should be nothing where every record stands for itself', () => {
    const mapped = topology('mapped', ({ source }) => {
      source('in', numbers).pipe(
        map('double', (n) => 2 * n),
        sink('out', topic('out', values)),
      )
    })
    expect(spanOf(mapped)).to.deep.equal({ before: 0, after: 0 })
  })

  it('should be a window before, and a window and its grace after', () => {
    const grace = '5s'
    expect(spanOf(windowed(tumbling('1m', { grace })))).to.deep.equal({ before: 60_000, after: 65_000 })
    expect(spanOf(windowed(hopping('1m', '10s', { grace })))).to.deep.equal({
      ...{ before: 60_000, after: 65_000 },
    })
    expect(spanOf(windowed(sliding('10s', { grace })))).to.deep.equal({ before: 20_000, after: 25_000 })
  })

  it('should be how far back duplicates are remembered', () => {
    const once = topology('once', ({ source }) => {
      source('in', numbers).pipe(dedupe('once', { within: '2m' }), sink('out', topic('out', values)))
    })
    expect(spanOf(once)).to.deep.equal({ before: 120_000, after: 0 })
  })

  it('should be refused where no time is enough, with the reason', () => {
    const total = topology('total', ({ source }) => {
      source('in', numbers).pipe(
        keyBy('by', (n) => String(n % 3)),
        count('counted'),
        toStream('updates'),
        sink('out', topic('out', values)),
      )
    })
    const cure = /Replay from earliest, or --into a shadow of its own$/
    expect(refused(total))
      .to.match(/^step "counted" keeps state that has no end in time/)
      .and.match(cure)
    expect(refused(windowed(session('1m'))))
      .to.match(/^step "counted" aggregates sessions/)
      .and.match(cure)
  })
})

describe('what a topology reads of its own', () => {
  it('should be left to the live application, with all that follows', () => {
    const out = topic('out', { value: json<number>() })
    const back = topology('back', ({ source }) => {
      source('in', numbers).pipe(sink('write', out))
      source('again', out).pipe(
        map('more', (n) => n + 1),
        sink('further', topic('further', { value: json<number>() })),
      )
    })
    expect(withoutReadBack(back).nodes.map(({ name }) => name)).to.deep.equal(['in', 'write'])
  })
})

function refused(meant: Topology): string {
  try {
    spanOf(meant)
  } catch (error) {
    expect(error).to.have.property('code', 'DATA_LOSS')
    return (error as MillraceError).message
  }
  throw new Error('it was not refused')
}
