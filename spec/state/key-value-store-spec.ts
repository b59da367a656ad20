import { expect } from 'chai'
import fc from 'fast-check'
import { keyValueStore } from '../../lib/index.ts'
import type { KeyValueStore } from '../../lib/state/key-value-store.ts'
import type { StateBackend } from '../../lib/state/ordered-bytes.ts'
import type { StoredRow } from '../../lib/state/row.ts'
import { TaskState } from '../../lib/state/task-state.ts'
import type { KeyValueSpec } from '../../lib/topology/store.ts'
import { backings } from './backends.ts'

const plain: KeyValueSpec<string, string> = keyValueStore<string>('rows')
const timestamped: KeyValueSpec<string, string> = { ...plain, timestamped: true }

type Store = KeyValueStore<string, string>

const shown = (rows: Iterable<StoredRow<string, string>>) =>
  Array.from(rows, ({ key, value }) => `${key}=${value}`)

for (const [where, { open, reopen }] of Object.entries(backings())) {
  describe(`key-value store ${where}`, () => {
    let backend: StateBackend
    beforeEach(async () => {
      backend = await open()
    })
    afterEach(() => backend.close())

    const storeOf = (spec: KeyValueSpec<string, string>) => new TaskState(backend).store(spec) as Store

    it('should be empty at first', () => {
      const store = storeOf(plain)
      expect(store.get('a')).to.equal(undefined)
      expect(shown(store.all())).to.deep.equal([])
      expect(shown(store.range('a', 'b'))).to.deep.equal([])
    })

    it('should hold the last value of each key, until it is deleted', () => {
      const store = storeOf(plain)
      store.put('a', 'x')
      store.put('a', 'y')
      store.put('b', 'z')
      expect(store.get('a')).to.deep.equal({ value: 'y', timestamp: -1 })
      store.put('a', null)
      store.delete('b')
      store.delete('never there')
      expect(shown(store.all())).to.deep.equal([])
    })

    it('should keep timestamps where they are asked for, older ones over newer ones', () => {
      const store = storeOf(timestamped)
      store.put('a', 'x', 1_700_000_000_000)
      store.put('a', 'y', 5)
      expect(store.get('a')).to.deep.equal({ value: 'y', timestamp: 5 })
      expect([...store.all()]).to.deep.equal([{ key: 'a', value: 'y', timestamp: 5 }])
    })

    it('should show ranges with both ends, by the bytes of the keys; null is open', () => {
      const store = storeOf(plain)
      for (const key of ['b', 'a', 'ab', 'a\0', 'ü', 'Z', '']) store.put(key, '-')
      const keys = (from: string | null, to: string | null) =>
        Array.from(store.range(from, to), ({ key }) => key)
      expect(keys(null, null)).to.deep.equal(['', 'Z', 'a', 'a\0', 'ab', 'b', 'ü'])
      expect(keys('a', 'ab')).to.deep.equal(['a', 'a\0', 'ab'])
      expect(keys('a', 'a')).to.deep.equal(['a'])
      expect(keys('aa', null)).to.deep.equal(['ab', 'b', 'ü'])
      expect(keys(null, 'Z')).to.deep.equal(['', 'Z'])
      expect(keys('b', 'a')).to.deep.equal([])
    })

    it('should let the loop put and delete', () => {
      const store = storeOf(plain)
      for (const key of ['a', 'b', 'c']) store.put(key, 'old')
      const seen: string[] = []
      for (const { key, value } of store.all()) {
        seen.push(`${key}=${value}`)
        store.put(`${key}+`, 'added')
        store.put('c', 'new')
        store.delete('b')
      }
      expect(seen).to.deep.equal(['a=old', 'c=new'])
    })

    it('should know its rows again when it is opened again', async () => {
      const first = new TaskState(backend)
      first.store(timestamped).put('a', 'x', 7)
      await first.save({})
      backend = await reopen(backend)
      expect(storeOf(timestamped).get('a')).to.deep.equal({ value: 'x', timestamp: 7 })
    })

    it('should do what a plain map with sorted keys does', async () => {
      const key = fc.string({ unit: 'binary', maxLength: 3 }).filter((text) => text.isWellFormed())
      const action = fc.oneof(
        { weight: 4, arbitrary: fc.record({ put: key, value: fc.option(fc.string()) }) },
        { weight: 1, arbitrary: fc.record({ from: fc.option(key), to: fc.option(key) }) },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(action, { size: '+1' }), async (actions) => {
          const own = await open()
          const store = new TaskState(own).store(plain) as Store
          const model = new Map<string, string>()
          for (const act of actions) {
            if ('put' in act) {
              store.put(act.put, act.value)
              if (act.value === null) model.delete(act.put)
              else model.set(act.put, act.value)
              expect(store.get(act.put)?.value ?? null).to.equal(act.value)
            } else {
              const { from, to } = act
              const within = [...model].filter(
                ([at]) => (from === null || order(at, from) >= 0) && (to === null || order(at, to) <= 0),
              )
              const expected = within.sort(([a], [b]) => order(a, b)).map(([at, value]) => `${at}=${value}`)
              expect(shown(store.range(from, to))).to.deep.equal(expected)
            }
          }
          await own.close()
        }),
        { numRuns: where === 'on disk' ? 40 : 200 },
      )
    })
  })
}

function order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
