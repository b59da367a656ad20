import { expect } from 'chai'
import fc from 'fast-check'
import { versionedStore } from '../../lib/index.ts'
import type { StateBackend } from '../../lib/state/ordered-bytes.ts'
import { TaskState } from '../../lib/state/task-state.ts'
import type { PutResult, VersionedStore } from '../../lib/state/versioned-store.ts'
import { backings } from './backends.ts'

const HISTORY = 20
const spec = versionedStore<string>('versions', { history: HISTORY })

/** What a versioned store does, written down plainly. */
class Model {
  readonly #versions = new Map<string, Map<number, string | null>>()
  #time = -1

  put(key: string, value: string | null, timestamp: number): PutResult {
    if (timestamp < this.#time - HISTORY) return 'expired'
    this.#time = Math.max(this.#time, timestamp)
    const versions = this.#versions.get(key) ?? new Map<number, string | null>()
    this.#versions.set(key, versions.set(timestamp, value))
    return timestamp === Math.max(...versions.keys()) ? 'latest' : 'out-of-order'
  }

  get(key: string) {
    return this.#at(key, Number.POSITIVE_INFINITY)
  }

  asOf(key: string, timestamp: number) {
    const latest = this.get(key)
    if (latest !== undefined && latest.timestamp <= timestamp) return latest
    return timestamp < this.#time - HISTORY ? undefined : this.#at(key, timestamp)
  }

  all() {
    const keys = [...this.#versions.keys()].sort()
    return keys.flatMap((key) => {
      const row = this.get(key)
      return row === undefined ? [] : [{ key, ...row }]
    })
  }

  #at(key: string, until: number) {
    const times = [...(this.#versions.get(key)?.keys() ?? [])].filter((time) => time <= until)
    const timestamp = Math.max(...times)
    const value = this.#versions.get(key)?.get(timestamp) ?? null
    return value === null ? undefined : { value, timestamp }
  }
}

for (const [where, { open, reopen }] of Object.entries(backings())) {
  describe(`versioned store ${where}`, () => {
    let backend: StateBackend
    let store: VersionedStore<string, string>
    beforeEach(async () => {
      backend = await open()
      store = new TaskState(backend).store(spec)
    })
    afterEach(() => backend.close())

    /** `key=value@time`; a minus is no value. */
    const put = (...said: readonly string[]): PutResult[] =>
      said.map((one) => {
        const [, key, value, time] = /^(.*)=(.*)@(\d+)$/.exec(one)!
        return store.put(key!, value === '-' ? null : value!, Number(time))
      })
    const asOf = (key: string, ...times: readonly number[]) =>
      times.map((time) => {
        const row = store.asOf(key, time)
        return row === undefined ? '-' : `${row.value}@${row.timestamp}`
      })

    it('should be empty at first', () => {
      expect(store.get('a')).to.equal(undefined)
      expect(asOf('a', -1, 0, 100)).to.deep.equal(['-', '-', '-'])
      expect([...store.all()]).to.deep.equal([])
    })

    it('should hold a row from its time on, until that of the next', () => {
      expect(put('a=1@10', 'a=2@15', 'a=3@20')).to.deep.equal(['latest', 'latest', 'latest'])
      expect(asOf('a', 9, 10, 14, 15, 19, 20, 1000)).to.deep.equal([
        '-',
        '1@10',
        '1@10',
        '2@15',
        '2@15',
        '3@20',
        '3@20',
      ])
      expect(store.get('a')).to.deep.equal({ value: '3', timestamp: 20 })
    })

    it('should put a row among others by its time, and tell that it is not the newest', () => {
      expect(put('a=1@10', 'a=3@20', 'a=2@15', 'a=0@5')).to.deep.equal([
        'latest',
        'latest',
        'out-of-order',
        'out-of-order',
      ])
      expect(asOf('a', 4, 5, 10, 14, 15, 20)).to.deep.equal(['-', '0@5', '1@10', '1@10', '2@15', '3@20'])
    })

    it('should replace a row of the same time, whether it is the newest or not', () => {
      expect(put('a=1@10', 'a=2@10', 'a=3@20', 'a=4@10', 'a=5@20')).to.deep.equal([
        'latest',
        'latest',
        'latest',
        'out-of-order',
        'latest',
      ])
      expect(asOf('a', 10, 19, 20)).to.deep.equal(['4@10', '4@10', '5@20'])
    })

    it('should end a row by a deletion, until the next row', () => {
      expect(put('a=1@10', 'a=3@20', 'a=-@15')).to.deep.equal(['latest', 'latest', 'out-of-order'])
      expect(asOf('a', 14, 15, 19, 20)).to.deep.equal(['1@10', '-', '-', '3@20'])
      expect(put('a=-@25')).to.deep.equal(['latest'])
      expect(store.get('a')).to.equal(undefined)
      expect([...store.all()]).to.deep.equal([])
      expect(asOf('a', 24, 25)).to.deep.equal(['3@20', '-'])
    })

    it('should know when a key was deleted, also one that it had no row of', () => {
      expect(put('a=-@20', 'a=1@10', 'a=-@20', 'a=2@19')).to.deep.equal([
        'latest',
        'out-of-order',
        'latest',
        'out-of-order',
      ])
      expect(asOf('a', 10, 18, 19, 20)).to.deep.equal(['1@10', '1@10', '2@19', '-'])
      expect(put('a=3@20')).to.deep.equal(['latest'])
      expect(asOf('a', 19, 20)).to.deep.equal(['2@19', '3@20'])
    })

    it('should not know it of a first row deleted at its own time, as in Kafka Streams', () => {
      expect(put('a=1@10', 'a=-@10', 'a=2@8')).to.deep.equal(['latest', 'latest', 'latest'])
      expect(store.get('a')).to.deep.equal({ value: '2', timestamp: 8 })
    })

    it('should refuse what is older than its history, by the newest time of any key', () => {
      expect(put('b=1@100', 'a=1@79', 'a=2@80', 'a=3@81', 'c=-@79')).to.deep.equal([
        'latest',
        'expired',
        'latest',
        'latest',
        'expired',
      ])
      expect(asOf('a', 79, 80)).to.deep.equal(['-', '2@80'])
    })

    it('should answer for times before its history from the newest row alone', () => {
      put('a=1@10', 'a=2@20', 'b=1@60')
      expect(asOf('a', 15, 19, 20, 39, 40)).to.deep.equal(['-', '-', '2@20', '2@20', '2@20'])
      put('a=3@60')
      expect(asOf('a', 20, 39, 40, 59, 60)).to.deep.equal(['-', '-', '2@20', '2@20', '3@60'])
    })

    it('should forget what has ended before its history, deletions too', () => {
      const { size } = backend.bytes('versions')
      put('a=1@1', 'a=2@2', 'a=-@3', 'b=-@4', 'c=1@5', 'c=2@6', 'z=1@100')
      expect(backend.bytes('versions').size - size).to.equal(2)
      expect([...store.all()]).to.deep.equal([
        { key: 'c', value: '2', timestamp: 6 },
        { key: 'z', value: '1', timestamp: 100 },
      ])
    })

    it('should keep apart keys of which one begins with the other, and show them by their bytes', () => {
      put('ab=1@1', 'a=2@1', 'a\0=3@1', 'a=4@2', 'ab=5@3')
      expect(Array.from(store.all(), ({ key, value }) => key + value)).to.deep.equal([
        'a4',
        'a\u00003',
        'ab5',
      ])
      expect([...asOf('a', 1, 2), ...asOf('ab', 2), ...asOf('a\0', 5)]).to.deep.equal([
        '2@1',
        '4@2',
        '1@1',
        '3@1',
      ])
    })

    it('should take values of no bytes for values, and go on after a crash', async () => {
      const empty = versionedStore('empty', {
        history: HISTORY,
        value: { encode: () => Buffer.alloc(0), decode: () => 'nothing' },
      })
      const before = new TaskState(backend)
      for (const time of [10, 15]) before.store(empty).put('a', '', time)
      before.store(empty).put('b', '', 90)
      await before.save({})
      backend = await reopen(backend)
      const after = new TaskState(backend).store(empty)
      expect(after.asOf('a', 15)).to.deep.equal({ value: 'nothing', timestamp: 15 })
      expect(after.put('a', '', 69)).to.equal('expired')
      expect(after.put('a', '', 70)).to.equal('latest')
      expect(after.asOf('a', 70)).to.deep.equal({ value: 'nothing', timestamp: 70 })
    })

    it('should do what is written down plainly', () => {
      const act = fc.record({
        key: fc.constantFrom('a', 'b'),
        value: fc.option(fc.constantFrom('x', 'y', 'z'), { freq: 3 }),
        timestamp: fc.integer({ min: 0, max: 60 }),
      })
      let round = 0
      fc.assert(
        fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
          const tested = new TaskState(backend).store({ ...spec, name: `round-${round++}` })
          const model = new Model()
          for (const { key, value, timestamp } of acts) {
            // The one thing that is not so plain has a spec of its own.
            if (value === null && model.get(key)?.timestamp === timestamp) continue
            expect(tested.put(key, value, timestamp)).to.equal(model.put(key, value, timestamp))
            for (let time = -1; time <= 61; time += 2) {
              expect(tested.asOf(key, time), `${key} as of ${time}`).to.deep.equal(model.asOf(key, time))
            }
            expect(tested.get(key)).to.deep.equal(model.get(key))
            expect([...tested.all()]).to.deep.equal(model.all())
          }
        }),
        { numRuns: 200 },
      )
    })
  })
}
