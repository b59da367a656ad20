import { expect } from 'chai'
import {
  aggregate,
  and,
  batch,
  cogroup,
  contract,
  count,
  dedupe,
  foreignKeyJoin,
  join,
  joinGlobal,
  joinTable,
  json,
  keyBy,
  keyValueStore,
  merge,
  outerJoin,
  process,
  reduce,
  repartition,
  type Stream,
  sink,
  type Table,
  type TopicOptions,
  tableJoin,
  tableOuterJoin,
  topic,
  topology,
  toStream,
  toTable,
  tumbling,
  window,
  within,
} from '../../lib/index.ts'
import type { Builder } from '../../lib/topology/builder.ts'
import { failureOf } from '../contract/failure-of.ts'

type Said = Omit<TopicOptions<string, string>, 'value'>

const of = (name: string, said: Said = {}) => topic<string, string>(name, { value: json<string>(), ...said })
const out = topic<string, unknown>('out', { value: json<unknown>() })
const both = (left: unknown, right: unknown) => `${left}${right}`

type Text = Stream<string, string>

/** A step that takes two streams, of topics `a` and `b`. */
function streams(define: (a: Text, b: Text) => Stream<string, unknown> | Table<string, unknown>) {
  return (a: Said, b: Said) =>
    topology('t', ({ source }) => {
      const end = define(source('a', of('a', a)), source('b', of('b', b)))
      sink('out', out)(end as Stream<string, unknown>)
    })
}

/** A step that takes a stream, of topic `a`, and a table, of topic `b`. */
function tables(define: (a: Text, b: Table<string, string>, builder: Builder) => Stream<string, unknown>) {
  return (a: Said, b: Said) =>
    topology('t', (builder) => {
      const end = define(builder.source('a', of('a', a)), builder.table('b', of('b', b)), builder)
      end.pipe(sink('out', out))
    })
}

/** By name: a step that needs equal keys together, of topics `a` and `b`. */
const STEPS = {
  'a join of streams': streams((a, b) => a.pipe(join('step', b, within(5), both))),
  'an outer join of streams': streams((a, b) => a.pipe(outerJoin('step', b, within(5), both))),
  'a join with a table': tables((a, b) => a.pipe(joinTable('step', b, both))),
  'a join of tables': (a: Said, b: Said) =>
    topology('t', ({ table }) => {
      sink('out', out)(table('a', of('a', a)).pipe(tableJoin('step', table('b', of('b', b)), both)))
    }),
  'a table joined with an aggregated stream': (a: Said, b: Said) =>
    topology('t', ({ source, table }) => {
      const rows = source('a', of('a', a)).pipe(reduce('rows', (all: string, value: string) => all + value))
      sink('out', out)(rows.pipe(tableOuterJoin('step', table('b', of('b', b)), both)))
    }),
  'rows of streams that were merged': streams((a, b) => a.pipe(merge('merged', b), toTable('step'))),
  'batches per key of streams that were merged': streams((a, b) =>
    a.pipe(merge('merged', b), batch('step', { per: 'key', records: 2 })),
  ),
  'a cogroup': streams((a, b) =>
    a.pipe(
      cogroup(
        'step',
        () => '',
        both,
        and(b, (all: string, value: string) => both(all, value)),
      ),
    ),
  ),
  'an aggregation of streams that were merged': streams((a, b) => a.pipe(merge('merged', b), count('step'))),
  'windows of streams that were merged': streams(
    (a, b) =>
      a.pipe(merge('merged', b), window('windows', tumbling(5)), count('step')) as never as Table<
        string,
        number
      >,
  ),
  'dedupe of streams that were merged': streams((a, b) =>
    a.pipe(merge('merged', b), dedupe('step', { within: 5 })),
  ),
  'a process that asks a table': tables((a, b) =>
    a.pipe(
      process('step', { tables: { b } }, (_, forward) => (value) => {
        forward({ value })
      }),
    ),
  ),
  'a process with a store, of streams that were merged': streams((a, b) =>
    a.pipe(
      merge('merged', b),
      process('step', { stores: { last: keyValueStore<string>('last') } }, (_, forward) => (value) => {
        forward({ value })
      }),
    ),
  ),
}

const message = (define: () => unknown): string => {
  const { code, message, at } = failureOf(define)
  expect([code, at?.step]).to.deep.equal(['CONFIG', 'step'])
  return message
}

const user = (version: number, field: string) =>
  contract<string>({
    name: 'user-key',
    version,
    schema: { type: 'record', name: 'UserKey', fields: [{ name: field, type: 'string' }] },
  })

for (const [name, define] of Object.entries(STEPS)) {
  describe(`co-partitioning of ${name}`, () => {
    it('should take topics that are alike', () => {
      define({}, {})
      define({ partitions: 3, key: json() }, { partitions: 3, key: json() })
      define({ key: user(1, 'id') }, { key: user(1, 'id') })
      define({ partitioner: 'consistent_random' }, { partitioner: 'consistent_random' })
    })

    it('should refuse other counts of partitions, and tell the cure', () => {
      expect(message(() => define({ partitions: 4 }, { partitions: 3 })))
        .to.match(/step "step" of topology "t" needs equal keys in equal partitions, but /)
        .and.match(
          /topic "a" has 4 partitions, topic "b" has 3 partitions: put .*repartition\(…\).* behind topic "b"/,
        )
        .and.match(/where it takes the count of what it meets, or give both as many$/)
    })

    it('should refuse keys that are written in other ways, and tell the cure', () => {
      expect(message(() => define({}, { key: json() })))
        .to.match(
          /but the keys of topic "a" are text, the keys of topic "b" are JSON, so that equal keys have other bytes/,
        )
        .and.match(/: put .*repartition\(…\).* behind topic "b", with \{ key \} as for topic "a"$/)
      expect(message(() => define({ key: user(1, 'id') }, { key: user(2, 'name') }))).to.match(
        /the keys of topic "a" are Avro user-key v1, the keys of topic "b" are Avro user-key v2/,
      )
      expect(message(() => define({ key: user(1, 'id') }, {}))).to.match(/are Avro user-key v1, .* are text/)
    })

    it('should refuse another partitioner, and tell the cure', () => {
      expect(message(() => define({}, { partitioner: 'consistent_random' })))
        .to.match(/topic "a" is partitioned by murmur2, topic "b" is partitioned by consistent_random: /)
        .and.match(/put .*repartition\(…\).* behind topic "b", which is partitioned by murmur2$/)
      expect(message(() => define({ partitioner: 'a' }, { partitioner: 'b' }))).to.match(
        /: put .*repartition\(…\).* behind topic "a", and put .*repartition\(…\).* behind topic "b", which is/,
      )
    })
  })
}

describe('co-partitioning', () => {
  it('should find the cure to be one', () => {
    const define = streams((a, b) => a.pipe(join('step', b.pipe(repartition('cure')), within(5), both)))
    define({ partitions: 4 }, { partitions: 3 })
    define({}, { partitioner: 'consistent_random' })
    const written = streams((a, b) =>
      a.pipe(join('step', b.pipe(repartition('cure', { key: json<string>() })), within(5), both)),
    )
    written({ key: json() }, {})
  })

  it('should tell a table to become a stream for it', () => {
    expect(message(() => STEPS['a join with a table']({ partitions: 4 }, { partitions: 3 }))).to.match(
      /: put toStream\(…\), repartition\(…\) and toTable\(…\) behind topic "b"/,
    )
  })

  it('should see a topic through what does not change its keys, and not behind what does', () => {
    const define = streams((a, b) => {
      const merged = a.pipe(merge('merged', b))
      return merged.pipe(
        keyBy('keys', (value) => value),
        count('step'),
      )
    })
    define({ partitions: 4 }, { partitions: 3, partitioner: 'consistent_random', key: json() })
  })

  it('should refuse a repartition topic that meets what another partitioner wrote', () => {
    const define = streams((a, b) =>
      a.pipe(
        keyBy('keys', (value) => value),
        join('step', b, within(5), both),
      ),
    )
    define({ partitions: 4 }, { partitions: 3 })
    expect(message(() => define({}, { partitioner: 'consistent_random' }))).to.match(
      /step "step-left-repartition" is partitioned by murmur2, topic "b" is partitioned by consistent_random: put repartition/,
    )
    expect(message(() => define({}, { key: json() }))).to.match(
      /the keys of step "step-left-repartition" are text/,
    )
  })

  it('should refuse a repartition topic that was given another count', () => {
    const define = streams((a, b) =>
      a.pipe(repartition('wide', { partitions: 8 }), join('step', b, within(5), both)),
    )
    expect(message(() => define({}, { partitions: 4 }))).to.match(
      /step "wide-repartition" has 8 partitions, topic "b" has 4 partitions: put repartition\(…\) behind topic "b"/,
    )
    define({ partitions: 3 }, { partitions: 8 })
  })

  it('should refuse steps that share a store as if they were one', () => {
    const last = keyValueStore<string>('last')
    const define = (b: Said) =>
      topology('t', ({ source }) => {
        const remember = (name: string, input: Text) => {
          const step = process<string, string>(name, { stores: { last } }, (_, forward) => (value) => {
            forward({ value })
          })
          input.pipe(step, sink(`${name}-out`, of(`${name}-out`)))
        }
        remember('step', source('a', of('a')))
        remember('other', source('b', of('b', b)))
      })
    define({})
    expect(message(() => define({ partitions: 3 }))).to.match(/topic "a" has 4 partitions, topic "b" has 3/)
  })

  it('should ask no topic to be like that of a global table', () => {
    topology('t', ({ source, globalTable }) => {
      const rows = globalTable('b', of('b', { partitions: 3, partitioner: 'consistent_random' }))
      source('a', of('a')).pipe(
        joinGlobal('step', rows, (value: string) => value, both),
        sink('out', out),
      )
    })
  })

  it('should ask no topic to be like the other of a foreign-key join', () => {
    topology('t', ({ table }) => {
      const other = table('b', of('b', { partitions: 3, key: json() }))
      const joined = table('a', of('a', { partitions: 4 })).pipe(
        foreignKeyJoin('step', other, (row: string) => row, both),
      )
      sink('out', out)(joined)
    })
  })

  it('should let streams be merged whose keys nothing asks for', () => {
    streams((a, b) => a.pipe(merge('merged', b)))({ partitions: 4 }, { partitions: 3 })
    const bulk = streams((a, b) => a.pipe(merge('merged', b), batch('bulk', { records: 2 })))
    bulk({ partitions: 4 }, { partitions: 3 })
  })

  it('should believe a format in code that does not say what it writes', () => {
    const { encode, decode } = json<string>()
    STEPS['a join of streams']({ key: { encode, decode } }, {})
  })

  it('should take one topic that meets itself', () => {
    topology('t', ({ source }) => {
      const a = source('a', of('a', { partitioner: 'consistent_random' }))
      a.pipe(join('step', a, within(5), both), sink('out', out))
    })
  })

  it('should check further steps behind a join by what it has read', () => {
    const define = (said: Said) =>
      topology('t', ({ source, table }) => {
        const joined = source('a', of('a')).pipe(join('first', source('b', of('b')), within(5), both))
        joined.pipe(joinTable('step', table('c', of('c', said)), both), sink('out', out))
      })
    define({})
    expect(message(() => define({ partitions: 3 }))).to.match(/topic "a" has 4 partitions, topic "c" has 3/)
  })

  it('should see the topics behind a table that was aggregated', () => {
    const define = (said: Said) =>
      topology('t', ({ source }) => {
        const counted = source('a', of('a')).pipe(
          aggregate(
            'counted',
            () => 0,
            (n: number) => n + 1,
          ),
        )
        const b = source('b', of('b', said))
        b.pipe(joinTable('step', counted, both), sink('out', out))
        counted.pipe(
          toStream('updates'),
          sink('counts', topic<string, number | null>('counts', { value: json() })),
        )
      })
    define({})
    expect(message(() => define({ partitions: 3 }))).to.match(/topic "b" has 3 partitions, topic "a" has 4/)
  })
})
