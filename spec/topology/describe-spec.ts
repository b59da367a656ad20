import { expect } from 'chai'
import {
  count,
  describe as described,
  description,
  drops,
  join,
  joinGlobal,
  joinTable,
  json,
  keyBy,
  map,
  merge,
  mermaid,
  sink,
  suppress,
  topic,
  topology,
  tumbling,
  untilWindowCloses,
  validate,
  window,
  windowedKey,
  within,
} from '../../lib/index.ts'

const input = topic('in', { value: json<number>() })
const output = topic('out', { value: json<number>() })

describe('describe', () => {
  const chain = (extra: boolean) =>
    topology('orders', ({ source }) => {
      const numbers = source('numbers', input)
      const valid = numbers.pipe(validate('positive', (n) => (n > 0 ? undefined : 'not positive')))
      if (extra)
        valid.pipe(
          map('inserted', (n) => n),
          sink('other', output),
        )
      valid.pipe(
        map('double', (n) => n * 2),
        sink('end', output),
      )
    })

  it('should show the steps as text', () => {
    expect(described(chain(false))).to.equal(
      [
        'Topology: orders',
        '  Sub-topology: 0',
        '    Source: numbers (topic: in, value: JSON)',
        '      --> positive',
        '    Validate: positive',
        '      --> double',
        '      <-- numbers',
        '    Map: double',
        '      --> end',
        '      <-- positive',
        '    Sink: end (topic: out, value: JSON)',
        '      <-- double',
        '  Dead letters: orders.dlq',
      ].join('\n'),
    )
  })

  it('should draw a Mermaid flowchart', () => {
    expect(mermaid(chain(false)).split('\n')).to.deep.equal([
      'flowchart LR',
      '  s0[("numbers<br/>topic: in, value: JSON")]',
      '  s1["positive"]',
      '  s2["double"]',
      '  s3[("end<br/>topic: out, value: JSON")]',
      '  s0 --> s1',
      '  s1 --> s2',
      '  s2 --> s3',
    ])
  })

  it('should take streams that meet for one sub-topology, and others for others', () => {
    const said = topology('t', ({ source }) => {
      const a = source('a', input)
      const b = source('b', topic('in-b', { value: json<number>() }))
      source('c', topic('in-c', { value: json<number>() })).pipe(sink('c-out', output))
      a.pipe(merge('both', b), sink('ab-out', output))
    })
    const names = description(said).subTopologies.map(({ steps }) => steps.map(({ name }) => name))
    expect(names).to.deep.equal([
      ['a', 'b', 'both', 'ab-out'],
      ['c', 'c-out'],
    ])
  })
})

/** Windows behind a changed key, a join of streams, a table, a global table, what was dropped. */
const everything = topology('shop', ({ source, table, globalTable }) => {
  const of = (name: string) => topic<string, string>(name, { value: json<string>() })
  const any = (name: string) => topic<string, unknown>(name, { value: json() })
  const both = (left: unknown, right: unknown) => `${left}${right}`
  const counts = topic('counts', { key: windowedKey(), value: json<number | null>() })
  const prices = table('prices', of('prices'))
  const rates = globalTable('rates', of('rates'))
  const orders = source('orders', of('orders')).pipe(
    joinTable('priced', prices, both),
    joinGlobal('converted', rates, (value: string) => value, both),
  )
  const counted = orders.pipe(
    keyBy('by-country', (value) => value),
    window('per-minute', tumbling('1m', { grace: '30s' })),
    count('orders-per-country'),
  )
  counted.pipe(suppress('final', untilWindowCloses()), sink('counts', counts))
  counted.pipe(drops('late'), sink('late-orders', any('late-orders')))
  const paid = orders.pipe(
    join('paid', source('payments', of('payments')), within({ before: '1m', after: '5m' }), both),
  )
  paid.pipe(sink('receipts', any('receipts')))
})

const TEXT = `Topology: shop
  Sub-topology: 0
    Table: prices (topic: prices, value: JSON, store: prices (key-value))
      --> priced
    Source: orders (topic: orders, value: JSON)
      --> priced
    Source: payments (topic: payments, value: JSON)
      --> paid
    StreamTableJoin: priced (inner)
      --> converted
      <-- orders, prices
    StreamGlobalJoin: converted (inner, global table: rates)
      --> by-country, paid
      <-- priced
    KeyBy: by-country
      --> per-minute-repartition
      <-- converted
    Repartition: per-minute-repartition (topic: shop-per-minute-repartition)
      <-- by-country
    StreamJoin: paid (inner, right from 60000 ms before to 300000 ms after, grace 0 ms, store: paid-left (window), store: paid-right (window))
      --> receipts
      <-- converted, payments
    Sink: receipts (topic: receipts, value: JSON)
      <-- paid
  Sub-topology: 1
    Repartition: per-minute-repartition (topic: shop-per-minute-repartition)
      --> per-minute
    Window: per-minute (tumbling: 60000 ms, grace 30000 ms)
      --> orders-per-country
      <-- per-minute-repartition
    Aggregate: orders-per-country (count, store: orders-per-country (window))
      --> final, late
      <-- per-minute
    Suppress: final (until windows close, store: final (key-value))
      --> counts
      <-- orders-per-country
    Sink: counts (topic: counts, value: JSON)
      <-- final
    Drops: late
      --> late-orders
      <-- orders-per-country
    Sink: late-orders (topic: late-orders, value: JSON)
      <-- late
  Global tables
    GlobalTable: rates (topic: rates, value: JSON, store: rates (key-value))
      --> converted
  Dead letters: shop.dlq`

const MERMAID = `flowchart LR
  s0[("prices<br/>topic: prices, value: JSON, store: prices (key-value)")]
  s1[("orders<br/>topic: orders, value: JSON")]
  s2[("payments<br/>topic: payments, value: JSON")]
  s3["priced<br/>inner"]
  s4["converted<br/>inner, global table: rates"]
  s5["by-country"]
  s6[("per-minute-repartition<br/>topic: shop-per-minute-repartition")]
  s7["paid<br/>inner, right from 60000 ms before to 300000 ms after, grace 0 ms, store: paid-left (window), store: paid-right (window)"]
  s8[("receipts<br/>topic: receipts, value: JSON")]
  s9["per-minute<br/>tumbling: 60000 ms, grace 30000 ms"]
  s10["orders-per-country<br/>count, store: orders-per-country (window)"]
  s11["final<br/>until windows close, store: final (key-value)"]
  s12[("counts<br/>topic: counts, value: JSON")]
  s13["late"]
  s14[("late-orders<br/>topic: late-orders, value: JSON")]
  s15[("rates<br/>topic: rates, value: JSON, store: rates (key-value)")]
  s0 --> s3
  s1 --> s3
  s2 --> s7
  s3 --> s4
  s4 --> s5
  s4 --> s7
  s5 --> s6
  s7 --> s8
  s6 --> s9
  s9 --> s10
  s10 --> s11
  s10 --> s13
  s11 --> s12
  s13 --> s14
  s15 --> s4`

describe('describe of a topology with state', () => {
  it('should show stores, topics between sub-topologies, windows, joins and global tables as text', () => {
    expect(described(everything)).to.equal(TEXT)
  })

  it('should draw each of them once', () => {
    expect(mermaid(everything)).to.equal(MERMAID)
  })

  it('should show the same as plain data', () => {
    const { name, deadLetters, subTopologies, globalTables } = description(everything)
    expect({ name, deadLetters }).to.deep.equal({ name: 'shop', deadLetters: 'shop.dlq' })
    expect(subTopologies[0]?.steps.find((step) => step.name === 'paid')).to.deep.equal({
      name: 'paid',
      kind: 'streamJoin',
      detail:
        'inner, right from 60000 ms before to 300000 ms after, grace 0 ms, store: paid-left (window), store: paid-right (window)',
      predecessors: ['converted', 'payments'],
      successors: ['receipts'],
    })
    expect(globalTables).to.deep.equal([
      {
        name: 'rates',
        kind: 'globalTable',
        detail: 'topic: rates, value: JSON, store: rates (key-value)',
        predecessors: [],
        successors: ['converted'],
      },
    ])
    const shown = description(everything)
    expect(JSON.parse(JSON.stringify(shown))).to.deep.equal(shown)
  })

  it('should show a repartition topic where it ends and where it begins', () => {
    const halves = description(everything).subTopologies.map(({ steps }) =>
      steps.filter(({ kind }) => kind === 'repartition'),
    )
    const said = {
      name: 'per-minute-repartition',
      kind: 'repartition',
      detail: 'topic: shop-per-minute-repartition',
    }
    expect(halves).to.deep.equal([
      [{ ...said, predecessors: ['by-country'], successors: [] }],
      [{ ...said, predecessors: [], successors: ['per-minute'] }],
    ])
  })

  it('should name both sides of a self join once', () => {
    const said = topology('t', ({ source }) => {
      const numbers = source('numbers', input)
      numbers.pipe(
        join('pairs', numbers, within(5), (left, right) => left + right),
        sink('end', output),
      )
    })
    const pairs = description(said).subTopologies[0]?.steps.find(({ name }) => name === 'pairs')
    expect(pairs?.predecessors).to.deep.equal(['numbers'])
  })
})
