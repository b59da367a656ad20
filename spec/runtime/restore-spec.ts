import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { OutRecord } from '../../lib/record.ts'
import {
  CHANGELOG_CONFIG,
  changelogRecords,
  changelogTopic,
  nextCheckpoint,
} from '../../lib/runtime/changelog.ts'
import { restore } from '../../lib/runtime/restore.ts'
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

function contents(state: StateBackend): Record<string, string> {
  return Object.fromEntries(
    STORES.flatMap((store) =>
      [...state.bytes(store).entries()].map(([key, value]) => [`${store}/${key}`, String(value)] as const),
    ),
  )
}
