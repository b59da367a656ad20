import { expect } from 'chai'
import { SILENT } from '../../lib/log.ts'
import { Counters } from '../../lib/runtime/counters.ts'
import { Stalls } from '../../lib/runtime/stalls.ts'

describe('a step that has not come back', () => {
  let time: number
  let counters: Counters
  let lines: string[]
  let stalls: Stalls

  beforeEach(() => {
    time = 0
    counters = new Counters()
    lines = []
    const log = {
      ...SILENT,
      warn: (fields: object, text: string) => lines.push(`${text} ${JSON.stringify(fields)}`),
    }
    stalls = new Stalls({ counters, log, after: 1000, now: () => time })
  })
  afterEach(() => stalls.close())

  function at(later: number): void {
    time = later
    stalls.look()
  }

  it('should be reported with its name, once a period, for as long as it lasts', async () => {
    const gate = Promise.withResolvers<string>()
    const done = stalls.during('ask', () => gate.promise)
    for (const later of [999, 1000, 1500, 1999, 2000]) at(later)
    expect(lines).to.deep.equal([
      'step "ask" has not come back for 1 s {"step":"ask","calls":1,"seconds":1}',
      'step "ask" has not come back for 2 s {"step":"ask","calls":1,"seconds":2}',
    ])
    expect(counters.get('ask', 'stalled')).to.equal(2)
    gate.resolve('answered')
    expect(await done).to.equal('answered')
    at(9000)
    expect(lines).to.have.length(2)
  })

  it('should be reported by its oldest call, once for all of them, and others by themselves', () => {
    const never = () => new Promise<void>(() => {})
    void stalls.during('ask', never)
    time = 900
    void stalls.during('ask', never)
    void stalls.during('table', never)
    at(1000)
    at(1900)
    expect(lines.map((line) => line.slice(line.indexOf('{')))).to.deep.equal([
      '{"step":"ask","calls":2,"seconds":1}',
      '{"step":"table","calls":1,"seconds":1}',
    ])
  })

  it('should be forgotten when it has failed', async () => {
    const failure = new Error('refused')
    const caught = await stalls
      .during('table', () => Promise.reject(failure))
      .catch((error: unknown) => error)
    at(5000)
    expect([caught, lines]).to.deep.equal([failure, []])
  })
})
