import { expect } from 'chai'
import {
  count,
  groupBy,
  groupCount,
  json,
  keyBy,
  keyValueStore,
  process,
  repartition,
  type Stream,
  sink,
  structured,
  topic,
  topology,
  toTable,
} from '../../lib/index.ts'
import type { Place } from '../../lib/topology/stream.ts'
import { failureOf } from '../contract/failure-of.ts'

const key = structured<number>()
const output = topic('out', { key: json<unknown>(), value: json<unknown>() })

const said = (define: (input: Stream<string, number>) => unknown) => () =>
  topology('spec', ({ source }) => {
    const end = define(source('input', topic('in', { value: json<number>() }))) as Place
    sink('out', output)(end as Stream<unknown, unknown>)
  })

const doubtful = {
  keyBy: said((input) => input.pipe(keyBy('step', (value) => value, { key }))),
  repartition: said((input) =>
    input.pipe(
      keyBy('numbers', (value) => value, { key: json<number>() }),
      repartition('step', { key }),
    ),
  ),
  groupBy: said((input) =>
    input.pipe(
      toTable('rows'),
      groupBy('step', (row) => [row, row], { key }),
      groupCount('counts'),
    ),
  ),
  'a store of process': said((input) =>
    input.pipe(
      process('step', { stores: { seen: keyValueStore<number, number>('seen', { key }) } }, () => () => {}),
    ),
  ),
  'the keys that process gives': said((input) => input.pipe(process('step', { key }, () => () => {}))),
}

describe('keys', () => {
  for (const [where, define] of Object.entries(doubtful)) {
    it(`should not be structured values, of which equal ones may have other bytes: ${where}`, () => {
      expect(failureOf(define)).to.match(
        /"step(-repartition)?" of topology "spec" would have structured values as keys.+give it another \{ key \}/,
      )
    })
  }

  it('should not be, either, in a topic whose keys a step needs together', () => {
    const define = () =>
      topology('spec', ({ source }) => {
        source('input', topic('in', { key, value: json<number>() })).pipe(count('counts'))
      })
    expect(failureOf(define)).to.match(/step "counts" of topology "spec"/)
  })

  it('should be allowed in every other format', () => {
    said((input) =>
      input.pipe(
        keyBy('step', (value) => value, { key: json<number>() }),
        count('counts'),
      ),
    )()
  })
})
