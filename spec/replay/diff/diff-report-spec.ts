import { join } from 'node:path'
import { expect } from 'chai'
import { json, map, sink, topic, topology } from '../../../lib/index.ts'
import { differencesOf } from '../../../lib/replay/diff/compared-sinks.ts'
import { type DiffReportOptions, diffReport } from '../../../lib/replay/diff/diff-report.ts'
import type { Standing } from '../../../lib/replay/diff/standing.ts'
import { noteReplay } from '../../../lib/replay/replay-record.ts'
import { Stage } from '../stage.ts'

interface User {
  readonly age: number
  readonly name: string
}

const USERS = 500
const EVEN = { liveAhead: 0, shadowAhead: 0, before: 0, toCome: 0 }

/** Users with their bands; what was said to be 30 in one version is 25 in the other. */
const banded = (from: number) =>
  topology('banded', ({ source }) => {
    source('users', topic('users', { value: json<User>() })).pipe(
      map('band', (user) => ({ ...user, band: user.age < from ? 'young' : 'old' })),
      sink('bands', topic('bands', { value: json() })),
    )
  })

const live = banded(30)
const changed = banded(25)

describe('the differences of a shadow', () => {
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.run(live)
    await stage.produce(
      'users',
      Array.from({ length: USERS }, (_, n) => [`u${n}`, userAt(n)]),
    )
    await stage.run(live)
    await stage.runShadow(changed, 'v2')
    await stage.runShadow(live, 'same')
  })
  after(() => stage.close())

  const userAt = (n: number): User => ({ age: 20 + (n % 20), name: `name of ${n}` })
  const isMoved = (n: number) => userAt(n).age >= 25 && userAt(n).age < 30

  const report = (name: string, more: Partial<DiffReportOptions> = {}) =>
    diffReport({ ...diffing(name), examples: 3, values: false, sensitive: false, ignored: [], ...more })

  const diffing = (name: string) => ({
    ...stage.shadow(changed, name),
    tables: {},
    folder: join(stage.dir, 'spill'),
  })

  it('should be exactly the keys that changed, in exactly the field that changed', async () => {
    const moved = Array.from({ length: USERS }, (_, n) => n).filter(isMoved)
    const found = []
    for await (const { key, fields, live, shadow } of differencesOf(diffing('v2'))) {
      expect(fields).to.deep.equal(['band'])
      expect([live!.value.band, shadow!.value.band]).to.deep.equal(['young', 'old'])
      found.push(key)
    }
    expect(found).to.have.members(moved.map((n) => `u${n}`))
    const { sinks, exitCode } = await report('v2')
    expect(exitCode).to.equal(4)
    const [{ examples, ...counts }] = sinks as [(typeof sinks)[0]]
    expect(counts).to.deep.equal({
      sink: 'topic bands',
      live: USERS,
      shadow: USERS,
      same: USERS - moved.length,
      added: 0,
      missing: 0,
      changed: moved.length,
      fields: { band: moved.length },
      ignored: 0,
      unreadable: 0,
      isNew: false,
    })
    expect(examples.map(({ fields }) => fields)).to.deep.equal(
      Array(3).fill({ band: { live: 'text of 5', shadow: 'text of 3' } }),
    )
  })

  it('should be none of a shadow of the same version', async () => {
    const { sinks, exitCode } = await report('same')
    expect(exitCode).to.equal(0)
    expect(sinks[0]).to.include({ live: USERS, shadow: USERS, same: USERS, changed: 0 })
  })

  it('should hold the records of both sides as they are there', async () => {
    for await (const { key, live, shadow } of differencesOf(diffing('v2'))) {
      const n = Number(key.slice(1))
      for (const [topic, side] of [
        ['bands', live!],
        ['bands.v2', shadow!],
      ] as const) {
        expect(side.record).to.deep.include({ topic, timestamp: 1_700_000_000_000 + n })
        expect(String(side.record!.key)).to.equal(key)
        expect(JSON.parse(String(side.record!.value))).to.deep.equal(side.value)
        expect(side.record!.headers).to.deep.equal([['nth', Buffer.from(String(n))]])
        expect(side.clock).to.equal(1_700_000_000_000 + n)
      }
      const [at] = await recordAt(live!.record!)
      expect(at).to.deep.equal(live!.record)
    }
  })

  it('should say how many differ in ignored fields alone', async () => {
    const { sinks, exitCode } = await report('v2', { ignored: ['band'] })
    expect(exitCode).to.equal(0)
    expect(sinks[0]).to.include({ changed: 0, ignored: USERS / 4 })
    expect(sinks[0]!.fields).to.deep.equal({})
  })

  it('should show values when asked, and give every difference one by one', async () => {
    const each: unknown[] = []
    await report('v2', { values: true, examples: 0, each: (one) => void each.push(one) })
    expect(each).to.have.length(USERS / 4)
    expect(each).to.deep.include({
      sink: 'topic bands',
      key: 'u5',
      kind: 'changed',
      fields: { band: { live: 'young', shadow: 'old' } },
    })
  })

  it('should tell what was added, missing, deleted and unreadable, and how far both have read', async () => {
    await stage.produce('bands', [
      ['only-live', { name: 'x', gone: null }],
      ['u0', null, 1_800_000_000_000],
      ['u1', { age: 1, name: 'older', band: 'young' }, 1_600_000_000_000],
      ['u2', Buffer.from('no JSON'), 1_800_000_000_000],
      ['absent', { name: 'y', gone: null }],
      [null, { name: 'without a key' }],
    ])
    await stage.produce('bands.same', [
      ['only-shadow', { name: 'z', n: [1, 2] }],
      ['absent', { name: 'y' }],
    ])
    await stage.produce('users', [['late', { age: 1, name: 'late' }]])
    const { sinks, standings } = await report('same', { examples: 10 })
    expect(standings).to.deep.equal([{ ...EVEN, topic: 'users' }])
    expect(sinks[0]).to.include({ added: 2, missing: 2, changed: 1, same: USERS - 2 + 1, live: USERS + 2 })
    const { examples } = sinks[0]!
    const named = (kind: string) => examples.filter((one) => one.kind === kind).map(({ key }) => key)
    expect(named('added')).to.have.members(['only-shadow', 'u0'])
    expect(named('missing')).to.include('only-live')
    expect(named('missing').find((key) => key.startsWith('(no key) '))).to.match(/ [0-9a-f]{64}$/)
    const unreadable = examples.find(({ kind }) => kind === 'changed')!
    expect(unreadable.key).to.equal('u2')
    expect(unreadable.fields['(unreadable)']).to.deep.equal({ live: '7 bytes', shadow: null })
    const only = examples.find(({ key }) => key === 'only-shadow')!
    expect(only.fields).to.deep.equal({ name: { shadow: 'text of 1' }, n: { shadow: 'list of 2' } })
    await stage.run(live)
    expect((await report('same')).standings).to.deep.equal([{ ...EVEN, topic: 'users', liveAhead: 1 }])
  })

  it('should say what a replay into it has left out, and what is yet to come', async () => {
    const [partition] = (await stage.broker.admin.offsets('users')).filter(({ end }) => end > 20)
    const range = { topic: 'users', partition: partition!.partition, from: 10, to: partition!.end + 5 }
    const record = { request: '', ranges: [range], begin: [], since: '' }
    const note = (state: 'begun' | 'done') =>
      noteReplay(stage.environment, changed.name, 'v2', { ...record, state })
    await note('begun')
    const [{ before, toCome }] = (await report('v2')).standings as [Standing]
    expect([before, toCome]).to.deep.equal([10, 5 + partition!.end - (await committed(range.partition))])
    await note('done')
    expect((await report('v2')).standings[0]).to.include({ before: 10, toCome: 0 })
  })

  it('should say so where there is no live sink, or no shadow', async () => {
    const more = topology('more', ({ source }) => {
      source('users', topic('users', { value: json<User>() })).pipe(
        sink('copies', topic('copies', { value: json() })),
      )
    })
    await stage.runShadow(more, 'first')
    const options = { ...diffing('first'), ...stage.shadow(more, 'first') }
    const { sinks } = await report('first', options)
    expect(sinks[0]).to.include({ isNew: true, live: 0, added: USERS + 1 })
    const missing = await report('second').then(
      () => undefined,
      (error: Error) => error.message,
    )
    expect(missing).to.match(
      /"banded" has no shadow "second" \(there is: v2, same\); `millrace replay FILE --into second` makes one/,
    )
  })

  async function committed(partition: number): Promise<number> {
    const positions = await stage.broker.admin.committed('banded.v2', ['users'])
    return positions.find((one) => one.partition === partition)!.offset
  }

  async function recordAt({
    topic,
    partition,
    offset,
  }: {
    topic: string
    partition: number
    offset: number
  }) {
    for await (const { records } of stage.broker.read([{ topic, partition, from: offset, to: offset + 1 }])) {
      if (records.length > 0) return records
    }
    return []
  }
})
