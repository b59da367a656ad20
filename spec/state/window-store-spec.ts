import { expect } from 'chai'
import fc from 'fast-check'
import { windowStore } from '../../lib/index.ts'
import type { StateBackend } from '../../lib/state/ordered-bytes.ts'
import type { StoredRow } from '../../lib/state/row.ts'
import { TaskState } from '../../lib/state/task-state.ts'
import type { TimedRow, WindowStore } from '../../lib/state/window-store.ts'
import type { WindowSpec } from '../../lib/topology/store.ts'
import type { Windowed } from '../../lib/windows/windowed.ts'
import { backings } from './backends.ts'

const RETENTION = 20

const plain: WindowSpec<string, string> = windowStore<string>('windows', { retention: RETENTION, size: 5 })
const timestamped: WindowSpec<string, string> = { ...plain, timestamped: true }
const duplicating: WindowSpec<string, string> = { ...plain, duplicates: true }

type Store = WindowStore<string, string>

const timed = (rows: Iterable<TimedRow<string>>) =>
  Array.from(rows, ({ start, value }) => `${start} ${value}`)
const stored = (rows: Iterable<StoredRow<Windowed<string>, string>>) =>
  Array.from(rows, ({ key: { key, start, end }, value }) => `${key} ${start}-${end} ${value}`)

interface ModelRow {
  readonly key: string
  readonly start: number
  readonly value: string
}

/** What a window store does, written down plainly. */
class Model {
  readonly #spec: WindowSpec
  #rows: ModelRow[] = []
  #time = -1

  constructor(spec: WindowSpec) {
    this.#spec = spec
  }

  put(key: string, value: string | null, start: number): void {
    this.#time = Math.max(this.#time, start)
    this.#rows = this.#rows.filter((row) => this.#kept(row.start))
    if (!this.#kept(start) || (this.#spec.duplicates && value === null)) return
    if (!this.#spec.duplicates)
      this.#rows = this.#rows.filter((row) => row.key !== key || row.start !== start)
    if (value !== null) this.#rows.push({ key, start, value })
  }

  /** By key, then time, then arrival. */
  get all(): string[] {
    return this.#shown([...this.#rows].sort((a, b) => byBytes(a.key, b.key) || a.start - b.start))
  }

  fetchAll(from: number, to: number): string[] {
    const within = this.#rows.filter(({ start }) => start >= from && start <= to)
    return this.#shown(within.sort((a, b) => a.start - b.start || byBytes(a.key, b.key)))
  }

  fetch(key: string, from: number, to: number): string[] {
    const own = this.#rows.filter((row) => row.key === key && row.start >= from && row.start <= to)
    return own.sort((a, b) => a.start - b.start).map(({ start, value }) => `${start} ${value}`)
  }

  #kept(start: number): boolean {
    return start > this.#time - RETENTION
  }

  #shown(rows: readonly ModelRow[]): string[] {
    return rows.map(({ key, start, value }) => `${key} ${start}-${start + 5} ${value}`)
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

for (const [where, { open, reopen }] of Object.entries(backings())) {
  describe(`window store ${where}`, () => {
    let backend: StateBackend
    beforeEach(async () => {
      backend = await open()
    })
    afterEach(() => backend.close())

    const storeOf = (spec: WindowSpec<string, string>) => new TaskState(backend).store(spec) as Store

    it('should be empty at first', () => {
      const store = storeOf(plain)
      expect(store.get('a', 1)).to.equal(undefined)
      expect(timed(store.fetch('a', 0, 100))).to.deep.equal([])
      expect(timed(store.fetchBackward('a', 0, 100))).to.deep.equal([])
      expect(stored(store.fetchAll(0, 100))).to.deep.equal([])
      expect(stored(store.all())).to.deep.equal([])
    })

    it('should hold the last value of each key and time, until null deletes it', () => {
      const store = storeOf(plain)
      store.put('a', 'x', 10)
      store.put('a', 'y', 10)
      store.put('b', 'z', 10)
      expect(store.get('a', 10)).to.deep.equal({ start: 10, value: 'y', timestamp: -1 })
      expect(store.get('a', 11)).to.equal(undefined)
      store.put('a', null, 10)
      expect(store.get('a', 10)).to.equal(undefined)
      store.put('a', null, 10)
      expect(stored(store.fetchAll(0, 100))).to.deep.equal(['b 10-15 z'])
      store.put('a', 'again', 10)
      expect(stored(store.fetchAll(0, 100))).to.deep.equal(['a 10-15 again', 'b 10-15 z'])
    })

    it('should keep timestamps where they are asked for', () => {
      const store = storeOf(timestamped)
      store.put('a', 'x', 10, 12)
      expect(store.get('a', 10)).to.deep.equal({ start: 10, value: 'x', timestamp: 12 })
      expect([...store.all()]).to.deep.equal([
        { key: { key: 'a', start: 10, end: 15 }, value: 'x', timestamp: 12 },
      ])
    })

    it('should forget what is as old as the retention, and not take it any more', () => {
      const store = storeOf(plain)
      store.put('a', 'x', 10)
      store.put('b', 'y', 29)
      expect(store.get('a', 10)?.value).to.equal('x')
      store.put('b', 'z', 30)
      expect(store.get('a', 10)).to.equal(undefined)
      expect(timed(store.fetch('a', 0, 100))).to.deep.equal([])
      store.put('a', 'late', 10)
      store.put('a', 'in time', 11)
      expect(stored(store.all())).to.deep.equal(['a 11-16 in time', 'b 29-34 y', 'b 30-35 z'])
      expect(backend.bytes('windows').size).to.equal(3)
    })

    it('should take the time of a deletion too, and of what is too old', () => {
      const store = storeOf(plain)
      store.put('a', 'x', 10)
      store.put('b', null, 30)
      expect(stored(store.all())).to.deep.equal([])
    })

    it('should keep apart keys of which one begins with the other', () => {
      const store = storeOf(plain)
      for (const key of ['a', 'ab', 'a\0', '', '\0']) store.put(key, key.replaceAll('\0', '0'), 10)
      expect(timed(store.fetch('a', 0, 100))).to.deep.equal(['10 a'])
      expect(timed(store.fetch('', 0, 100))).to.deep.equal(['10 '])
      expect(timed(store.fetchBackward('a\0', 0, 100))).to.deep.equal(['10 a0'])
      expect(Array.from(store.all(), ({ value }) => value)).to.deep.equal(['', '0', 'a', 'a0', 'ab'])
    })

    it('should keep every value of a key and time where duplicates are, in order of arrival', () => {
      const store = storeOf(duplicating)
      for (const value of ['x', 'y', 'x']) store.put('a', value, 10)
      store.put('a', null, 10)
      store.put('a', 'before', 9)
      expect(timed(store.fetch('a', 0, 100))).to.deep.equal(['9 before', '10 x', '10 y', '10 x'])
      expect(timed(store.fetchBackward('a', 0, 100))).to.deep.equal(['10 x', '10 y', '10 x', '9 before'])
    })

    it('should show a walk what there was when it began, and changed values as they are', () => {
      const store = storeOf(plain)
      for (const time of [10, 11, 12]) store.put('a', 'old', time)
      const seen: string[] = []
      for (const { start, value } of store.fetch('a', 0, 100)) {
        seen.push(`${start} ${value}`)
        store.put('a', 'new', 12)
        store.put('a', 'new', 13)
        store.put('a', null, 11)
      }
      expect(seen).to.deep.equal(['10 old', '12 new'])
      const all: string[] = []
      for (const { key } of store.fetchAll(0, 100)) {
        all.push(`${key.start}`)
        store.put('b', 'new', 14)
        store.put('a', null, 12)
      }
      expect(all).to.deep.equal(['10', '13'])
    })

    it('should hold behind the time of the slowest upstream task, and show what is to be forgotten until it is', () => {
      const state = new TaskState(backend, '1_0', ['0_0'])
      const store = state.store(plain)
      state.upstream.told('0_0', 15)
      store.put('a', 'x', 10)
      store.put('a', 'w', 80)
      store.put('a', 'y', 100)
      expect(stored(store.fetchAll(0, 100))).to.deep.equal(['a 10-15 x', 'a 80-85 w', 'a 100-105 y'])
      state.upstream.told('0_0', 200)
      expect(stored(store.fetchAll(0, 100))).to.deep.equal(['a 100-105 y'])
      expect(stored(store.all())).to.deep.equal(['a 100-105 y'])
      expect(timed(store.fetch('a', 0, 100))).to.deep.equal(['100 y'])
      expect([store.get('a', 80), store.get('a', 100)?.value]).to.deep.equal([undefined, 'y'])
      expect(stored(store.held(0, 100))).to.deep.equal(['a 10-15 x', 'a 80-85 w', 'a 100-105 y'])
      store.put('a', 'z', 99)
      expect(stored(store.held(0, 100))).to.deep.equal(['a 99-104 z', 'a 100-105 y'])
    })

    it('should know values, time and numbers again when it is opened again', async () => {
      const first = new TaskState(backend)
      const store = first.store(duplicating)
      store.put('a', 'x', 10)
      store.put('a', 'y', 10)
      store.put('b', null, 25)
      await first.save({})
      backend = await reopen(backend)
      const again = storeOf(duplicating)
      again.put('a', 'z', 10)
      again.put('a', 'too old', 5)
      expect(timed(again.fetch('a', 0, 100))).to.deep.equal(['10 x', '10 y', '10 z'])
      again.put('b', 'forgetting', 30)
      expect(stored(again.all())).to.deep.equal(['b 30-35 forgetting'])
    })

    const key = fc.constantFrom('', '\0', 'a', 'a\0', 'ab', 'b', 'ü', '漢', '😀')
    const time = fc.integer({ min: 0, max: 100 })
    const bound = fc.integer({ min: -10, max: 110 })
    const action = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({ put: key, value: fc.option(fc.string({ maxLength: 3 })), start: time }),
      },
      { weight: 1, arbitrary: fc.record({ get: key, start: time }) },
      { weight: 2, arbitrary: fc.record({ fetch: key, from: bound, to: bound }) },
      { weight: 2, arbitrary: fc.record({ from: bound, to: bound }) },
      { weight: 1, arbitrary: fc.constant('reopen' as const) },
    )
    for (const [kind, spec] of [
      ['one value', plain],
      ['every value', duplicating],
    ] as const) {
      it(`should do what a plain list does (${kind} of a key and time)`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(action, { size: '+1' }), async (actions) => {
            let own = await open()
            let state = new TaskState(own)
            let store = state.store(spec) as Store
            const model = new Model(spec)
            for (const act of actions) {
              if (act === 'reopen') {
                await state.save({})
                own = await reopen(own)
                state = new TaskState(own)
                store = state.store(spec) as Store
              } else if ('put' in act) {
                store.put(act.put, act.value, act.start)
                model.put(act.put, act.value, act.start)
              } else if ('get' in act) {
                if (spec.duplicates) continue
                const [row] = model.fetch(act.get, act.start, act.start)
                const got = store.get(act.get, act.start)
                expect(got && `${act.start} ${got.value}`).to.equal(row)
              } else if ('fetch' in act) {
                const expected = model.fetch(act.fetch, act.from, act.to)
                expect(timed(store.fetch(act.fetch, act.from, act.to))).to.deep.equal(expected)
                const backward = timed(store.fetchBackward(act.fetch, act.from, act.to))
                expect(backward.reverse()).to.deep.equal(expected)
              } else {
                expect(stored(store.fetchAll(act.from, act.to))).to.deep.equal(
                  model.fetchAll(act.from, act.to),
                )
                expect(stored(store.all())).to.deep.equal(model.all)
              }
            }
            expect(own.bytes('windows').size).to.equal(model.all.length)
            await own.close()
          }),
          { numRuns: where === 'on disk' ? 40 : 300 },
        )
      })
    }
  })
}
