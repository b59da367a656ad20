import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import type { MillraceError } from '../../lib/errors.ts'
import { SILENT } from '../../lib/log.ts'
import type { OutRecord } from '../../lib/record.ts'
import {
  CHANGELOG_CONFIG,
  changelogRecords,
  changelogTopic,
  nextCheckpoint,
} from '../../lib/runtime/changelog.ts'
import { restore } from '../../lib/runtime/restore.ts'
import { type RestoreProgress, Restores } from '../../lib/runtime/restore-progress.ts'
import type { ChangedEntry } from '../../lib/state/changelogged-state.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import type { StateBackend } from '../../lib/state/ordered-bytes.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { logFolder } from '../connectors/embedded/log-folder.ts'

const STORES = ['a', 'b']

describe('state from changelogs', () => {
  const dir = join(logFolder(), 'log')
  let broker: EmbeddedBroker
  let place: { readonly application: string; readonly partition: number; readonly stores: readonly string[] }

  before(async () => {
    broker = await openEmbeddedBroker({ dir })
  })
  beforeEach(async () => {
    place = { application: uniqueName('restored'), partition: 0, stores: STORES }
    for (const store of STORES) {
      const topic = changelogTopic(place.application, store)
      await broker.admin.createTopic({ topic, partitions: 1, config: CHANGELOG_CONFIG })
    }
  })
  after(() => broker.close())

  it('should be what the last checkpoint left, with its position', async () => {
    await checkpoint(1, { 'a/x': '1', 'a/y': '1', 'b/x': '1' })
    await checkpoint(2, { 'a/x': '2', 'a/y': null })
    const { state, unfinished } = await restored()
    expect(contents(state)).to.deep.equal({ 'a/x': '2', 'b/x': '1' })
    expect(state.meta['position/in']).to.equal('2')
    expect(unfinished).to.deep.equal([])
  })

  it('should be without what a checkpoint wrote that never became whole', async () => {
    await checkpoint(1, { 'a/x': '1', 'b/x': '1' })
    await checkpoint(2, { 'a/x': '2', 'b/y': '2' }, ([entries]) => [entries!])
    const { state, unfinished } = await restored()
    expect(contents(state)).to.deep.equal({ 'a/x': '1', 'b/x': '1' })
    expect(state.meta['position/in']).to.equal('1')
    expect(unfinished).to.deep.equal([
      { store: 'a', key: 'x' },
      { store: 'b', key: 'y' },
    ])
  })

  it('should be without half of the only topic that a checkpoint touched', async () => {
    await checkpoint(1, { 'a/x': '1' })
    await checkpoint(2, { 'a/x': '2', 'a/y': '2' }, ([all]) => [all!.slice(0, 2)])
    expect(contents((await restored()).state)).to.deep.equal({ 'a/x': '1' })
  })

  it('should be with all of a checkpoint of which one topic says that it is whole', async () => {
    await checkpoint(1, { 'a/x': '1', 'b/x': '1' })
    await checkpoint(2, { 'a/x': '2', 'b/x': '2' }, ([entries, marks]) => [entries!, marks!.slice(0, 1)])
    const { state, unfinished } = await restored()
    expect(contents(state)).to.deep.equal({ 'a/x': '2', 'b/x': '2' })
    expect([state.meta['position/in'], unfinished]).to.deep.equal(['2', []])
  })

  it('should be asked to write again what was not finished, until that has been written', async () => {
    await checkpoint(1, { 'a/x': '1', 'b/x': '1' })
    await checkpoint(2, { 'b/y': 'never' }, ([all]) => [all!.slice(0, 1)])
    const { state } = await restored()
    expect((await restored(state)).unfinished).to.deep.equal([{ store: 'b', key: 'y' }])
    await checkpoint(2, { 'a/x': '2', 'b/y': null })
    const again = await restored()
    expect(contents(again.state)).to.deep.equal({ 'a/x': '2', 'b/x': '1' })
    expect(again.unfinished).to.deep.equal([])
  })

  it('should read only what has come since, where there is local state', async () => {
    await checkpoint(1, { 'a/x': '1', 'a/y': '1' })
    const { state, entries } = await restored()
    expect(entries).to.equal(3)
    await checkpoint(2, { 'a/x': '2' })
    const again = await restored(state)
    expect([again.entries, contents(again.state)]).to.deep.equal([2, { 'a/x': '2', 'a/y': '1' }])
  })

  it('should go on where it was when it is cut short, whatever it has read of each store by then', async () => {
    const written = Array.from({ length: 40 }, (_, n) => n + 1)
    for (const n of written) {
      await checkpoint(n, {
        [`a/${n % 7}`]: `${n}`.repeat(200_000),
        [`b/${n % 5}`]: n % 3 === 0 ? null : `${n}`,
      })
    }
    const whole = await restored()
    let state = memoryState()
    let entries = 0
    for (let cuts = 3; cuts > 0; cuts--) {
      const cut = new AbortController()
      const reading = cutShort(broker, (read) => read === 12 && cut.abort(new Error('killed')))
      await restore(reading, place, state, cut.signal).then(
        () => expect.fail('it was to be cut short'),
        () => {},
      )
      // What a kill leaves: what was saved.
      state = await copyOf(state)
      const from = STORES.map((store) => Number(state.meta[`changelog/${store}`] ?? 0))
      expect(Math.max(...from)).to.be.greaterThan(entries)
      entries = Math.max(...from)
    }
    const rest = await restored(state)
    expect(contents(rest.state)).to.deep.equal(contents(whole.state))
    expect(rest.state.meta).to.deep.equal(whole.state.meta)
    expect(rest.entries).to.be.lessThan(whole.entries)
  })

  it('should say how it goes, in figures that add up', async () => {
    for (const n of [1, 2, 3]) await checkpoint(n, { 'a/x': `${n}`, 'b/x': `${n}` })
    const restores = new Restores()
    const seen: RestoreProgress[][] = []
    const reading = cutShort(broker, () => seen.push(restores.snapshot()))
    await restore(reading, place, memoryState(), new AbortController().signal, { task: '0_0', restores })
    const last = seen
      .at(-1)!
      .map(({ topic, ...progress }) => ({ store: topic.split('-').at(-2), ...progress }))
    for (const { rate, eta, silent, ...progress } of last) {
      const { store, at, records } = progress
      expect(progress).to.deep.equal({ store, task: '0_0', partition: 0, from: 0, at, end: 6, records })
      expect(at).to.equal(records)
      expect(rate > 0).to.equal(at > 0)
      expect(eta === undefined).to.equal(at === 0)
      expect(silent).to.be.at.least(0)
    }
    expect(restores.snapshot()).to.deep.equal([])
  })

  it('should warn of a read that brings nothing, naming it, and then give it up to be begun again', async () => {
    await checkpoint(1, { 'a/x': '1' })
    const lines: string[] = []
    const log = {
      ...SILENT,
      warn: (fields: object, text: string) => lines.push(`${text} ${JSON.stringify(fields)}`),
    }
    const silent: Broker = {
      ...standIn(broker),
      read: () => ({ [Symbol.asyncIterator]: () => ({ next: forever }) }),
    }
    const watch = { task: '0_0', log, patience: 20 }
    const error = await restore(silent, place, memoryState(), new AbortController().signal, watch).then(
      () => expect.fail('nothing was read'),
      (failure: unknown) => failure as MillraceError,
    )
    const topic = changelogTopic(place.application, 'a')
    expect([error.code, error.retriable, error.at.topic]).to.deep.equal(['UNREACHABLE', true, topic])
    expect(error.message).to.contain(`${topic}/0 at 0 of 2`)
    const at = JSON.stringify({ task: '0_0', topic, partition: 0, at: 0, end: 2 })
    expect(lines.map((line) => line.slice(line.indexOf('{')))).to.deep.equal([at, at])
  })

  /** Writes what `cut` leaves of it. */
  async function checkpoint(
    number: number,
    entries: Readonly<Record<string, string | null>>,
    cut: (steps: OutRecord[][]) => OutRecord[][] = (steps) => steps,
  ): Promise<void> {
    const changes = Object.entries(entries).map(([name, value]): ChangedEntry => {
      const [store, key] = name.split('/') as [string, string]
      return { store, key, value: value === null ? null : Buffer.from(value) }
    })
    const meta = nextCheckpoint({ checkpoint: String(number - 1) }, { 'position/in': String(number) })
    const producer = await broker.producer({})
    for (const step of cut(changelogRecords(place, changes, meta, 0))) await producer.send(step)
    await producer.close()
  }

  async function restored(state: StateBackend = memoryState()) {
    return { state, ...(await restore(broker, place, state, new AbortController().signal)) }
  }
})

function standIn(broker: Broker): Broker {
  const { admin, upkeep } = broker
  const other = () => expect.fail('not asked of a restore')
  return {
    admin,
    upkeep,
    read: (ranges) => broker.read(ranges),
    consumer: other,
    producer: other,
    transactions: other,
    close: other,
  }
}

/** Hands records on one at a time; `told` is how many it has handed on. */
function cutShort(broker: Broker, told: (read: number) => unknown): Broker {
  return {
    ...standIn(broker),
    async *read(ranges) {
      let read = 0
      for await (const { records, ...batch } of broker.read(ranges)) {
        for (const record of records) {
          yield { ...batch, records: [record], next: record.offset + 1, bytes: 5 << 20 }
          told(++read)
        }
        yield { ...batch, records: [] }
      }
    },
  }
}

async function copyOf(state: StateBackend): Promise<StateBackend> {
  const copy = memoryState()
  for (const store of STORES) {
    for (const [key, value] of state.bytes(store).entries()) copy.bytes(store).set(key, value)
  }
  await copy.save(state.meta)
  return copy
}

const forever = () => new Promise<never>(() => {})

function contents(state: StateBackend): Record<string, string> {
  return Object.fromEntries(
    STORES.flatMap((store) =>
      [...state.bytes(store).entries()].map(([key, value]) => [`${store}/${key}`, String(value)] as const),
    ),
  )
}
