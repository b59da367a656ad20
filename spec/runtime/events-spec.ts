import { expect } from 'chai'
import type { Observable } from 'rxjs'
import { MillraceError } from '../../lib/errors.ts'
import type { Context } from '../../lib/record.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { Events } from '../../lib/runtime/events.ts'

const place = { topic: 'in', partition: 1, offset: 7 }
const raw = { ...place, key: null, value: Buffer.from('secret'), timestamp: 5, headers: NO_HEADERS }
const context: Context = { ...raw, key: 'k', timestamp: 5, raw }

describe('the events of a worker', () => {
  it('should tell where what was dropped is and how late it was, and nothing of what it holds', () => {
    const events = new Events()
    const drops: unknown[] = []
    const late: unknown[] = []
    events.drops$.subscribe((drop) => drops.push(drop))
    events.late$.subscribe((drop) => late.push(drop))
    const window = { start: 0, end: 10 }
    events.dropped('counts', 'late', context, { time: 25, window })
    events.dropped('counts', 'null-key', context, undefined)
    const first = { step: 'counts', reason: 'late', ...place, timestamp: 5, window, lateBy: 20 }
    const second = { ...first, reason: 'null-key', window: undefined, lateBy: undefined }
    expect(drops).to.deep.equal([first, second])
    expect(late).to.deep.equal([first])
  })

  it('should tell of committed micro-batches, and not of those that read nothing', () => {
    const events = new Events()
    const seen: unknown[] = []
    events.progress$.subscribe((progress) => seen.push(progress))
    events.committed('0_1', 3, [place])
    events.committed('0_1', 0, [])
    expect(seen).to.deep.equal([{ task: '0_1', records: 3, positions: [place] }])
  })

  it('should tell of errors with their code, step and record', () => {
    const events = new Events()
    const seen: unknown[] = []
    events.errors$.subscribe((error) => seen.push(error))
    events.failed(new MillraceError('REJECTED', 'no e-mail'), 'dead-letter', 'identified', raw)
    events.failed(new Error('boom'), 'stopped')
    const none = { step: undefined, at: undefined }
    expect(seen).to.deep.equal([
      { code: 'REJECTED', message: 'no e-mail', outcome: 'dead-letter', step: 'identified', at: place },
      { code: 'STEP', message: 'boom', outcome: 'stopped', ...none },
    ])
  })

  it('should do nothing while nobody has subscribed, and keep nothing for those who come later', () => {
    const events = new Events()
    const untouched = new Proxy(context, {
      get: () => {
        throw new Error('looked at')
      },
    })
    events.dropped('counts', 'late', untouched, undefined)
    const seen: unknown[] = []
    const subscription = events.drops$.subscribe((drop) => seen.push(drop))
    expect(() => events.dropped('counts', 'late', untouched, undefined)).to.throw('looked at')
    subscription.unsubscribe()
    events.dropped('counts', 'late', untouched, undefined)
    expect(seen).to.deep.equal([])
  })

  it('should complete', () => {
    const events = new Events()
    const done: string[] = []
    for (const name of ['drops$', 'late$', 'progress$', 'errors$'] as const) {
      const observable: Observable<unknown> = events[name]
      observable.subscribe({ complete: () => done.push(name) })
    }
    events.end()
    expect(done.sort()).to.deep.equal(['drops$', 'errors$', 'late$', 'progress$'])
  })
})
