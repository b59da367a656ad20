import { expect } from 'chai'
import { differencesOf } from '../../lib/deployed/differences.ts'
import { publishedOf } from '../../lib/deployed/published.ts'
import {
  count,
  filter,
  json,
  keyBy,
  sink,
  type Topology,
  topic,
  topology,
  toStream,
  tumbling,
  window,
} from '../../lib/index.ts'

interface Said {
  readonly filter?: string | null
  readonly count?: string
  readonly minutes?: number
  readonly guarantee?: 'at-least-once' | 'exactly-once'
}

/** A topology, of which single things are said otherwise. */
function shop({
  filter: kept = 'kept',
  count: counted = 'counted',
  minutes = 1,
  guarantee = 'at-least-once',
}: Said = {}): Topology {
  const sales = topic('sales', { value: json<{ shop: string }>() })
  return topology(
    'shop',
    ({ source }) => {
      const all = source('sales', sales)
      const some = kept === null ? all : all.pipe(filter(kept, ({ shop }) => shop !== ''))
      some.pipe(
        keyBy('by-shop', ({ shop }) => shop),
        window('per-minutes', tumbling(`${minutes}m`)),
        count(counted),
        toStream('updates'),
        sink('out', topic('counts', { key: json(), value: json() })),
      )
    },
    { guarantee },
  )
}

const differences = (deployed: Said, code: Said) =>
  differencesOf(publishedOf(shop(deployed), 'shop'), publishedOf(shop(code), 'shop'))
const named = (deployed: Said, code: Said) =>
  differences(deployed, code).map(({ kind, name, breaks }) => ({ kind, name, breaks }))

describe('the differences between what is deployed and the code', () => {
  it('should be none of the same', () => {
    expect(differences({}, {})).to.deep.equal([])
  })

  it('should name a step that is new, or in the code no more, as no loss', () => {
    expect(named({ filter: null }, {})).to.deep.equal([{ kind: 'step', name: 'kept', breaks: false }])
    const [gone] = differences({}, { filter: null })
    expect(gone).to.include({ kind: 'step', name: 'kept', breaks: false })
    expect(gone!.differs).to.equal('is in the code no more')
  })

  it('should tell a renamed step from another one', () => {
    const [renamed, ...others] = differences({}, { filter: 'known' })
    expect(others).to.deep.equal([])
    expect(renamed).to.include({ name: 'known', differs: 'is new, and was "kept" before, it seems' })
  })

  it('should name a step that is said otherwise', () => {
    const changed = differences({}, { minutes: 5 })
    expect(changed.filter(({ breaks }) => breaks)).to.deep.equal([])
    expect(changed.map(({ differs }) => differs).join()).to.match(/was .*60000 ms.*is .*300000 ms/)
  })

  it('should name a store that would begin empty, with the cure', () => {
    const [lost, ...others] = differences({}, { count: 'tallied' }).filter(({ breaks }) => breaks)
    expect(others).to.deep.equal([])
    expect(lost).to.include({ kind: 'store', name: 'counted' })
    expect(lost!.cure).to.match(/^keep the name "counted"/)
  })

  it('should name another guarantee, as no loss', () => {
    const [other] = differences({}, { guarantee: 'exactly-once' }).filter(({ kind }) => kind === 'guarantee')
    expect(other).to.include({ name: 'shop', differs: 'was at-least-once, is exactly-once', breaks: false })
  })
})
