import { expect } from 'chai'
import type { FetchedBatch } from '../../lib/broker/broker.ts'
import type { RawRecord } from '../../lib/record.ts'
import { changelogRecords, changelogTopic, nextCheckpoint, readKey } from '../../lib/runtime/changelog.ts'
import { Standby } from '../../lib/runtime/standby.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import type { StateBackend } from '../../lib/state/ordered-bytes.ts'
import type { TaskState } from '../../lib/state/task-state.ts'

const STORES = ['a', 'b']
const place = { application: 'spec', partition: 2, stores: STORES }
const plan = { name: '0_2', partition: 2, stores: STORES, upstreams: [] }
const [A, B] = STORES.map((store) => changelogTopic('spec', store)) as [string, string]

/** What checkpoints have written to the changelogs. */
class Written {
  readonly #records = new Map<string, RawRecord[]>([
    [A, []],
    [B, []],
  ])

  checkpoint(number: number, entries: Readonly<Record<string, string>>): this {
    const changes = Object.entries(entries).map(([name, value]) => {
      const [store, key] = name.split('/') as [string, string]
      return { store, key, value: Buffer.from(value) }
    })
    const meta = nextCheckpoint({ checkpoint: String(number - 1) }, { 'position/in': String(number) })
    for (const { topic, key, value, timestamp, headers } of changelogRecords(
      place,
      changes,
      meta,
      0,
    ).flat()) {
      const records = this.#records.get(topic)!
      records.push({ topic, partition: 2, offset: records.length, key, value, timestamp, headers })
    }
    return this
  }

  end(topic: string): number {
    return this.#records.get(topic)!.length
  }

  batch(topic: string, from: number, to = this.end(topic)): FetchedBatch {
    const records = this.#records.get(topic)!.slice(from, to)
    return { topic, partition: 2, generation: 0, records, next: to, bytes: 10 }
  }
}

function standbyOf(backend: StateBackend): Standby {
  return new Standby({ application: 'spec', plan, backend })
}

const at = (written: Written, topic: string) => ({ partition: 2, earliest: 0, end: written.end(topic) })

const rows = (state: TaskState) =>
  Object.fromEntries(
    STORES.flatMap((store) =>
      [...state.bytes(store).entries()].map(([key, value]) => [`${store}/${key}`, String(value)]),
    ),
  )

describe('a standby', () => {
  it('should hold what whole checkpoints have left, and nothing of one that is not whole', async () => {
    const written = new Written()
      .checkpoint(1, { 'a/x': '1', 'b/x': '1' })
      .checkpoint(2, { 'a/x': '2', 'b/x': '2' })
    const standby = standbyOf(memoryState())
    // Of checkpoint 2 it has read the entry, and not yet that it is whole.
    await standby.apply(written.batch(A, 0, 3))
    await standby.apply(written.batch(B, 0, 2))
    expect((await standby.read(rows))?.value).to.deep.equal({ 'a/x': '1', 'b/x': '1' })
    await standby.apply(written.batch(A, 3))
    await standby.apply(written.batch(B, 2))
    expect((await standby.read(rows))?.value).to.deep.equal({ 'a/x': '2', 'b/x': '2' })
  })

  it('should hand over a state that says where to read on', async () => {
    const written = new Written()
      .checkpoint(1, { 'a/x': '1', 'b/x': '1' })
      .checkpoint(2, { 'a/x': '2', 'b/x': '2' })
    const backend = memoryState()
    const standby = standbyOf(backend)
    await standby.apply(written.batch(A, 0, 3))
    await standby.apply(written.batch(B, 0))
    expect(await standby.end()).to.equal(backend)
    expect(backend.meta[readKey('a')]).to.equal('2')
    expect(backend.meta[readKey('b')]).to.equal('4')
    await standby.apply(written.batch(A, 3))
    expect(backend.meta[readKey('a')]).to.equal('2')
    expect(await standby.read(rows)).to.equal(undefined)
  })

  it('should read on where its state is, and say how far it is behind', async () => {
    const written = new Written().checkpoint(1, { 'a/x': '1' }).checkpoint(2, { 'a/y': '2', 'b/x': '2' })
    const backend = memoryState()
    await backend.save({ [readKey('a')]: '2' })
    const standby = standbyOf(backend)
    expect(standby.lag).to.equal(undefined)
    expect(standby.unread(A, at(written, A))).to.deep.equal({ topic: A, partition: 2, from: 2, to: 4 })
    expect(standby.unread(B, at(written, B))).to.deep.equal({ topic: B, partition: 2, from: 0, to: 2 })
    expect(standby.lag).to.equal(4)
    await standby.apply(written.batch(A, 2))
    await standby.apply(written.batch(B, 0))
    expect(standby.lag).to.equal(0)
    expect(standby.unread(A, at(written, A))).to.equal(undefined)
    expect(standby.readTo().map(({ topic, offset }) => [topic, offset])).to.deep.equal([
      [A, 4],
      [B, 2],
    ])
    written.checkpoint(3, { 'a/z': '3' })
    expect(standby.unread(A, at(written, A))).to.deep.equal({ topic: A, partition: 2, from: 4, to: 6 })
    expect(standby.records).to.equal(4)
  })

  it('should read on behind what was deleted', () => {
    const standby = standbyOf(memoryState())
    expect(standby.unread(A, { partition: 2, earliest: 3, end: 5 })?.from).to.equal(3)
  })

  it('should let nobody look at entries that are not saved yet', async () => {
    const written = new Written().checkpoint(1, { 'a/x': '1' })
    const inner = memoryState()
    const saves: string[] = []
    const backend: StateBackend = {
      bytes: (store) => inner.bytes(store),
      loader: (store) => inner.loader(store),
      close: () => inner.close(),
      get meta() {
        return inner.meta
      },
      async save(meta) {
        await new Promise(setImmediate)
        saves.push(meta.checkpoint!)
        await inner.save(meta)
      },
    }
    const standby = standbyOf(backend)
    await standby.apply(written.batch(A, 0))
    const reading = standby.read(() => saves.length)
    const applying = standby.apply(written.checkpoint(2, { 'a/x': '2' }).batch(A, 2))
    expect((await reading)?.value).to.equal(1)
    await applying
    expect(standby.readTo()[0]!.offset).to.equal(4)
  })
})
