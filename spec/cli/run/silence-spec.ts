import { expect } from 'chai'
import { Silence } from '../../../lib/cli/run/silence.ts'
import { SILENT } from '../../../lib/log.ts'

describe('a silent thread', () => {
  it('should be told of, once a period, until it is heard again', () => {
    let time = 0
    const lines: string[] = []
    const log = { ...SILENT, warn: (_: object, text: string) => lines.push(text) }
    const silence = new Silence({ log, thread: 2, after: 1000, now: () => time })
    const at = (later: number) => {
      time = later
      silence.look()
    }
    for (const later of [500, 999, 1000, 1500, 2000]) at(later)
    silence.heard()
    for (const later of [2999, 3000]) at(later)
    silence.over()
    expect(lines).to.deep.equal([
      'thread 2 has not answered for 1 s: a callback holds it up',
      'thread 2 has not answered for 2 s: a callback holds it up',
      'thread 2 has not answered for 1 s: a callback holds it up',
    ])
  })
})
