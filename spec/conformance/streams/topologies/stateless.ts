import { branch, filter, flatMap, keyBy, map, merge, sink, topology } from '../../../../lib/index.ts'
import type { Json } from '../scenario.ts'
import { isEven, jsonTopic } from './common.ts'
import type { Build } from './index.ts'

const out = jsonTopic('out')
const input = { nullValues: 'pass' } as const

const mapValues: Build = ({ withKey }) =>
  topology('map-values', ({ source }) => {
    source('in', jsonTopic('in'), input).pipe(
      map('wrap', (v, { key }): Json => (withKey ? { k: key, v } : { v })),
      sink('out', out),
    )
  })

const filtering: Build = ({ not }) =>
  topology('filter', ({ source }) => {
    source('in', jsonTopic('in'), input).pipe(
      filter('even', (v) => isEven(v) !== not),
      sink('out', out),
    )
  })

const flatMapping: Build = ({ mode }) =>
  topology('flat-map', ({ source }) => {
    const numbers = source('in', jsonTopic('in'), input).pipe(
      flatMap('count-up', (n): Json[] => Array.from({ length: Math.max(0, Number(n ?? 0)) }, (_, i) => i)),
    )
    if (mode === 'flat-map-values') numbers.pipe(sink('out', out))
    else {
      numbers.pipe(
        keyBy('numbered', (i, { key }) => (key === null ? null : `${key}#${i}`)),
        sink('out', out),
      )
    }
  })

const branching: Build = ({ default: rest }) =>
  topology('branch', ({ source }) => {
    const { even, big, others } = source('in', jsonTopic('in'), input).pipe(
      branch('size', {
        even: isEven,
        big: (v) => typeof v === 'number' && v > 10,
        others: () => rest !== false,
      }),
    )
    even.pipe(sink('out-even', jsonTopic('out-even')))
    big.pipe(sink('out-big', jsonTopic('out-big')))
    others.pipe(sink('out-default', jsonTopic('out-default')))
  })

const merging: Build = () =>
  topology('merge', ({ source }) => {
    const right = source('right', jsonTopic('right'), input)
    source('left', jsonTopic('left'), input).pipe(merge('both', right), sink('out', out))
  })

export const STATELESS: Readonly<Record<string, Build>> = {
  'map-values': mapValues,
  filter: filtering,
  'flat-map': flatMapping,
  branch: branching,
  merge: merging,
}
