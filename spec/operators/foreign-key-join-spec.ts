import { expect } from 'chai'
import {
  foreignKeyJoin,
  foreignKeyLeftJoin,
  json,
  sink,
  structured,
  topic,
  topology,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { failureOf } from '../contract/failure-of.ts'
import { joinedByReference, type Row, to } from '../support/driven-foreign-key-join.ts'
import { drivenTopics } from '../support/driven-topics.ts'
import { overSeveralPartitions } from '../support/foreign-key-partitions.ts'

describe('foreignKeyJoin', () => {
  it('should give nothing of nothing, and nothing of one side alone', async () => {
    expect((await drivenTopics(joinedByReference(foreignKeyJoin), [])).out).to.deep.equal([])
    expect(
      (await drivenTopics(joinedByReference(foreignKeyJoin), [['left', 'a', to('p', 1), 1]])).out,
    ).to.deep.equal([])
    expect(
      (await drivenTopics(joinedByReference(foreignKeyJoin), [['right', 'p', 'r', 1]])).out,
    ).to.deep.equal([])
  })

  it('should join each row with the one it refers to, and update all that refer to it', async () => {
    const { out } = await drivenTopics(joinedByReference(foreignKeyJoin), [
      ['right', 'p', 'r1', 5],
      ['left', 'b', to('p', 1), 1],
      ['left', 'a', to('p', 2), 9],
      ['left', 'c', to('pp', 3), 1],
      ['right', 'p', 'r2', 7],
      ['right', 'p', null, 8],
      ['right', 'p', null, 9],
    ])
    expect(out).to.deep.equal([
      ['b', '1+r1', 5],
      ['a', '2+r1', 9],
      ['a', '2+r2', 7],
      ['b', '1+r2', 7],
      ['a', null, 8],
      ['b', null, 8],
      ['a', null, 9],
      ['b', null, 9],
    ])
  })

  it('should follow a row to another reference, to none, and out of the table', async () => {
    const { out } = await drivenTopics(joinedByReference(foreignKeyJoin), [
      ['right', 'p', 'rp', 1],
      ['right', 'q', 'rq', 1],
      ['left', 'a', to('p', 1), 2],
      ['left', 'a', to('q', 1), 3],
      ['right', 'p', 'nobody refers', 4],
      ['left', 'a', to(null, 1), 5],
      ['left', 'a', to('q', 2), 6],
      ['left', 'a', null, 7],
      ['left', 'a', null, 8],
      ['right', 'q', 'nobody refers', 9],
    ])
    expect(out).to.deep.equal([
      ['a', '1+rp', 2],
      ['a', '1+rq', 3],
      ['a', null, 5],
      ['a', '2+rq', 6],
      ['a', null, 7],
    ])
  })

  it('should leave out rows without a key or a reference, and count them', async () => {
    const { out, counters } = await drivenTopics(joinedByReference(foreignKeyJoin), [
      ['left', null, to('p', 1), 1],
      ['left', 'a', to(null, 1), 1],
      ['right', null, 'r', 1],
    ])
    expect(out).to.deep.equal([])
    expect(counters.get('joined-subscribe', 'null-key')).to.equal(1)
    expect(counters.get('left-rows', 'null-key')).to.equal(1)
    expect(counters.get('right-rows', 'null-key')).to.equal(1)
  })

  it('should take a row whose reference can’t be told for one without, and say so once', async () => {
    const { out, letters } = await drivenTopics(joinedByReference(foreignKeyJoin), [
      ['right', 'p', 'rp', 1],
      ['left', 'a', to('p', 1), 1],
      ['left', 'a', to('?', 2), 2],
      ['right', 'p', 'nobody refers', 3],
      ['left', 'a', to('p', 3), 4],
    ])
    expect(out).to.deep.equal([
      ['a', '1+rp', 1],
      ['a', null, 2],
      ['a', '3+nobody refers', 4],
    ])
    expect(letters).to.deep.equal(['joined-subscribe: Error: no reference'])
  })

  it('should keep its rows in a store of its name, unless told not to', async () => {
    const driver = await testDriver(joinedByReference(foreignKeyJoin))
    await driver.pipe('right', { key: 'p', value: 'r', timestamp: 1 })
    await driver.pipe('left', { key: 'a', value: to('p', 1), timestamp: 2 })
    expect([...driver.store('joined').all()]).to.deep.equal([{ key: 'a', value: '1+r', timestamp: 2 }])
    await driver.close()
    const without = await testDriver(joinedByReference(foreignKeyJoin, { materialize: false }))
    expect(failureOf(() => without.store('joined')).message).to.include('no store "joined"')
    await without.close()
  })

  it('should refuse tables whose rows are not kept', () => {
    const told = topic('left', { value: json<Row>() })
    const asked = topic('right', { value: json<string>() })
    for (const [left, right] of [
      [false, true],
      [true, false],
    ] as const) {
      const said = () =>
        topology('spec', ({ table }) => {
          const rows = table('right-rows', asked, { materialize: right })
          const refer = foreignKeyJoin(
            'joined',
            rows,
            (row: Row) => row.to,
            ({ v }: Row) => v,
          )
          refer(table('left-rows', told, { materialize: left }))
        })
      const missing = left ? 'right-rows' : 'left-rows'
      expect(failureOf(said).message).to.include(`step "joined" needs the rows of "${missing}"`)
    }
  })

  it('should name topics and store as Kafka Streams does', () => {
    const names = joinedByReference(foreignKeyJoin).nodes.map(({ name }) => name)
    expect(names).to.include.members([
      'joined-subscription-registration-topic',
      'joined-subscription-response-topic',
      'joined',
    ])
  })

  it('should join a table with itself, and a join with a further one', async () => {
    const said = topology('spec', ({ table }) => {
      const people = table('people', topic('people', { value: json<{ boss: string | null }>() }))
      const other = table('towns', topic('towns', { value: json<string>() }))
      people.pipe(
        foreignKeyLeftJoin(
          'boss',
          people,
          ({ boss }) => boss,
          ({ boss }, row) => ({ boss, above: row?.boss ?? null }),
        ),
        foreignKeyJoin(
          'town',
          other,
          ({ above }) => above,
          ({ boss, above }, town) => `${boss}<${above}@${town}`,
        ),
        sink('out', topic('out', { value: json<string>() })),
      )
    })
    const { out } = await drivenTopics(said, [
      ['towns', 'c', 'Rome', 1],
      ['people', 'a', { boss: 'b' }, 2],
      ['people', 'b', { boss: 'c' }, 3],
      ['towns', 'c', 'Oslo', 4],
    ])
    expect(out).to.deep.equal([
      ['a', 'b<c@Rome', 3],
      ['a', 'b<c@Oslo', 4],
    ])
  })

  it('should leave out rows of versioned tables that are older than the newest', async () => {
    const said = topology('spec', ({ table }) => {
      const right = table('right-rows', topic('right', { value: json<string>() }), { history: 100 })
      table('left-rows', topic('left', { value: json<Row>() }), { history: 100 }).pipe(
        foreignKeyJoin(
          'joined',
          right,
          (row) => row.to,
          ({ v }, row) => `${v}+${row}`,
        ),
        sink('out', topic('out', { value: json<string>() })),
      )
    })
    const { out, counters } = await drivenTopics(said, [
      ['right', 'p', 'r', 10],
      ['right', 'p', 'older', 9],
      ['left', 'a', to('p', 1), 20],
      ['left', 'a', to(null, 2), 19],
      ['left', 'a', null, 21],
    ])
    expect(out).to.deep.equal([
      ['a', '1+r', 20],
      ['a', null, 21],
    ])
    expect(counters.get('joined-subscribe', 'out-of-order')).to.equal(1)
    expect(counters.get('joined-respond', 'out-of-order')).to.equal(1)
  })

  it('should know its row again however the number in it is stored', async () => {
    // V8 writes a whole number in two ways, depending on what it has seen in that place.
    const shapes = topology('spec', ({ table }) => {
      const right = table('right-rows', topic('right', { value: json<string>() }))
      table('left-rows', topic('left', { value: json<Row>() }), { value: structured<Row>() }).pipe(
        foreignKeyJoin(
          'joined',
          right,
          (row) => row.to,
          ({ v }, row) => `${v}+${row}`,
        ),
        sink('out', topic('out', { value: json<string>() })),
      )
    })
    const { out, counters } = await drivenTopics(shapes, [
      ['left', 'a', to('p', 5), 1],
      ['left', 'b', to('p', 0.5), 1],
      ['right', 'p', 'r', 2],
    ])
    expect(out.map(([, value]) => value)).to.deep.equal(['5+r', '0.5+r'])
    expect(counters.get('joined', 'stale')).to.equal(0)
  })

  overSeveralPartitions(foreignKeyJoin, false)
})
