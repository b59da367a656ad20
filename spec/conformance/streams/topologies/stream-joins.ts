import { join, leftJoin, outerJoin, sink, topology, within } from '../../../../lib/index.ts'
import type { Params } from '../scenario.ts'
import { joined, jsonTopic, number } from './common.ts'
import type { Build } from './index.ts'

const pass = { nullValues: 'pass' } as const

const windows = (params: Params) =>
  within({
    before: number(params, 'beforeMs'),
    after: number(params, 'afterMs'),
    grace: number(params, 'graceMs'),
  })

function joining(verb: typeof outerJoin): Build {
  return (params) =>
    topology('joined', ({ source }) => {
      const right = source('right', jsonTopic('right'), pass)
      source('left', jsonTopic('left'), pass).pipe(
        verb('join', right, windows(params), joined),
        sink('out', jsonTopic('out')),
      )
    })
}

const self: Build = (params) =>
  topology('self', ({ source }) => {
    const records = source('in', jsonTopic('in'), pass)
    records.pipe(
      join('join', records, windows(params), joined, { singleStore: params.optimize === true }),
      sink('out', jsonTopic('out')),
    )
  })

export const STREAM_JOINS: Readonly<Record<string, Build>> = {
  'join-stream-stream-inner': joining(join as typeof outerJoin),
  'join-stream-stream-left': joining(leftJoin as typeof outerJoin),
  'join-stream-stream-outer': joining(outerJoin),
  'join-stream-self': self,
}
