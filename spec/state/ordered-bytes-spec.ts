import { expect } from 'chai'
import fc from 'fast-check'
import { openDiskState } from '../../lib/state/disk-state.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import type { OrderedBytes, StateBackend } from '../../lib/state/ordered-bytes.ts'
import { stateFolders } from './state-folder.ts'

const folder = stateFolders()

const backends: Readonly<Record<string, () => Promise<StateBackend>>> = {
  'in memory': async () => memoryState(),
  'on disk': () => openDiskState(folder()),
  'on disk, with next to no cache': () => openDiskState(folder(), { cacheBytes: 700 }),
}

const value = (text: string) => Buffer.from(text)
const shown = (entries: Iterable<readonly [string, Buffer]>) =>
  Array.from(entries, ([key, bytes]) => `${key}=${bytes}`)
const keysOf = (entries: Iterable<readonly [string, Buffer]>) => Array.from(entries, ([key]) => key)

for (const [where, open] of Object.entries(backends)) {
  describe(`ordered bytes ${where}`, () => {
    let backend: StateBackend
    let bytes: OrderedBytes
    beforeEach(async () => {
      backend = await open()
      bytes = backend.bytes('store')
    })
    afterEach(() => backend.close())

    function put(...keys: readonly string[]): void {
      for (const key of keys) bytes.set(key, value(key.toUpperCase()))
    }

    it('should be empty at first', () => {
      expect(bytes.size).to.equal(0)
      expect(bytes.get('a')).to.equal(undefined)
      expect(shown(bytes.entries())).to.deep.equal([])
      expect(shown(bytes.entriesReversed())).to.deep.equal([])
      expect(shown(bytes.entries('a', 'b'))).to.deep.equal([])
      expect(shown(bytes.entriesReversed('a', 'b'))).to.deep.equal([])
    })

    it('should hold one entry, and its last value', () => {
      bytes.set('a', value('1'))
      bytes.set('a', value('2'))
      expect(bytes.get('a')).to.deep.equal(value('2'))
      expect(shown(bytes.entries())).to.deep.equal(['a=2'])
      expect(shown(bytes.entriesReversed())).to.deep.equal(['a=2'])
      expect(bytes.size).to.equal(1)
    })

    it('should be filled past its cache, and hold what it was filled with once that is saved', async () => {
      put('a', 'b', 'c')
      await backend.save({})
      bytes.get('a')
      put('c')
      const loader = backend.loader('store')
      for (const key of ['a', 'b', 'c', 'd', 'e', 'x'.repeat(5000)]) {
        loader.set(value(key), value(`${key[0]}2`))
      }
      loader.set(value('not of it: d'), value('d3'), 'not of it: '.length)
      for (const key of ['b', 'never there']) loader.delete(value(key))
      loader.delete(value('..e'), 2)
      await backend.save({ loaded: 'yes' })
      const filled = ['a=a2', 'c=c2', 'd=d3', `${'x'.repeat(5000)}=x2`]
      expect(shown(bytes.entries())).to.deep.equal(filled)
      expect([bytes.size, backend.meta]).to.deep.equal([4, { loaded: 'yes' }])
      put('d')
      loader.delete(value('a'))
      await backend.save({})
      expect(shown(bytes.entries())).to.deep.equal(['c=c2', 'd=D', filled[3]])
    })

    it('should delete, again and again', () => {
      put('a', 'b')
      bytes.delete('a')
      bytes.delete('a')
      bytes.delete('never there')
      expect(bytes.get('a')).to.equal(undefined)
      expect(bytes.size).to.equal(1)
      expect(shown(bytes.entries())).to.deep.equal(['b=B'])
      put('a')
      bytes.delete('b')
      expect(shown(bytes.entries())).to.deep.equal(['a=A'])
    })

    it('should take the empty key and the empty value', () => {
      bytes.set('', value(''))
      put('a')
      expect(bytes.get('')).to.deep.equal(value(''))
      expect(shown(bytes.entries())).to.deep.equal(['=', 'a=A'])
      expect(shown(bytes.entries('', 'a'))).to.deep.equal(['='])
      expect(shown(bytes.entries('', ''))).to.deep.equal([])
      expect(shown(bytes.entriesReversed('', ''))).to.deep.equal([])
      expect(shown(bytes.entriesReversed(''))).to.deep.equal(['a=A', '='])
    })

    it('should order by bytes, a prefix first', () => {
      const ascending = [
        '',
        '\0',
        '\0\0',
        '\x01',
        'A',
        'B',
        'a',
        'a\0',
        'aa',
        'b',
        '\x7f',
        '\x80',
        '\xff',
        '\xff\xff',
      ]
      for (const key of [...ascending].sort((a, b) => a.length - b.length)) bytes.set(key, value('x'))
      expect(keysOf(bytes.entries())).to.deep.equal(ascending)
      expect(keysOf(bytes.entriesReversed())).to.deep.equal([...ascending].reverse())
      const buffers = ascending.map((key) => Buffer.from(key, 'latin1'))
      expect([...buffers].sort(Buffer.compare)).to.deep.equal(buffers)
    })

    it('should show ranges from their start, and without their end', () => {
      put('b', 'd', 'f', 'h')
      const ranges: [string | undefined, string | undefined, string][] = [
        ['d', 'h', 'df'],
        ['c', 'g', 'df'],
        ['d', undefined, 'dfh'],
        [undefined, 'd', 'b'],
        [undefined, 'e', 'bd'],
        ['a', 'z', 'bdfh'],
        ['d', 'd', ''],
        ['e', 'f', ''],
        ['h', 'b', ''],
        ['i', undefined, ''],
        [undefined, 'b', ''],
      ]
      for (const [from, to, keys] of ranges) {
        expect(keysOf(bytes.entries(from, to)).join(''), `${from} to ${to}`).to.equal(keys)
        const reversed = keysOf(bytes.entriesReversed(from, to)).reverse().join('')
        expect(reversed, `${from} to ${to}, reversed`).to.equal(keys)
      }
    })

    it('should tell its keys without their values, in any order', async () => {
      expect([...bytes.keys()]).to.deep.equal([])
      put('b', 'a', 'c')
      await backend.save({})
      bytes.delete('a')
      put('d', 'b')
      expect([...bytes.keys()].sort()).to.deep.equal(['b', 'c', 'd'])
    })

    it('should keep stores apart, and give the same one for the same name', () => {
      const [other, long] = [backend.bytes('other'), backend.bytes('stores')]
      put('a')
      other.set('a', value('other'))
      long.set('a', value('long'))
      expect(backend.bytes('store').get('a')).to.deep.equal(value('A'))
      expect(backend.bytes('other').get('a')).to.deep.equal(value('other'))
      other.delete('a')
      expect(shown(bytes.entries())).to.deep.equal(['a=A'])
      expect(shown(long.entries())).to.deep.equal(['a=long'])
    })

    it('should hold big values', () => {
      const [big, bigger] = [Buffer.alloc(1_000_000, 'big'), Buffer.alloc(5_000_000, 'bigger')]
      bytes.set('big', big)
      bytes.set('bigger', bigger)
      expect(bytes.get('big')!.equals(big)).to.equal(true)
      expect(Array.from(bytes.entriesReversed(), ([, found]) => found.length)).to.deep.equal([
        5_000_000, 1_000_000,
      ])
    })

    for (const order of ['entries', 'entriesReversed'] as const) {
      it(`should go on in order while the body changes things (${order})`, () => {
        const keys = Array.from({ length: 500 }, (_, i) => String(i).padStart(3, '0'))
        put(...keys)
        const seen: string[] = []
        for (const [key, found] of bytes[order]()) {
          seen.push(`${key}=${found}`)
          const number = Number(key)
          if (number % 2 === 0) bytes.delete(key)
          put(`${key}+`, `new ${key}`)
          if (key === '250') {
            bytes.set('400', value('changed'))
            bytes.set('100', value('changed'))
            for (const deleted of ['300', '301', '200', '201']) bytes.delete(deleted)
            bytes.delete('320')
            bytes.set('320', value('again'))
          }
        }
        const gone = order === 'entries' ? ['300', '301'] : ['200', '201']
        const [changed, again] = order === 'entries' ? ['400', '320'] : ['100', undefined]
        const expected = keys
          .filter((key) => !gone.includes(key))
          .map((key) => `${key}=${key === changed ? 'changed' : key === again ? 'again' : key}`)
        expect(seen).to.deep.equal(order === 'entries' ? expected : expected.reverse())
      })
    }

    it('should keep several walks apart, one that was left early among them', () => {
      put('a', 'b', 'c', 'd')
      for (const [key] of bytes.entries()) if (key === 'b') break
      const pairs: string[] = []
      for (const [outer] of bytes.entries()) {
        put(`${outer}'`)
        for (const [inner] of bytes.entriesReversed('b')) {
          pairs.push(outer + inner)
          bytes.delete(inner)
        }
      }
      expect(pairs).to.deep.equal(['ad', 'ac', 'ab'])
      expect(keysOf(bytes.entries())).to.deep.equal(['a', "a'"])
    })

    it('should keep what it was given to save', async () => {
      expect(backend.meta).to.deep.equal({})
      const meta = { position: '1' }
      await backend.save(meta)
      meta.position = 'changed by the caller'
      expect(backend.meta).to.deep.equal({ position: '1' })
      await backend.save({ other: 'ü\0' })
      expect(backend.meta).to.deep.equal({ other: 'ü\0' })
    })

    it('should hold the same while and after it is saved', async () => {
      put('a', 'b', 'c')
      const first = backend.save({ n: '1' })
      bytes.set('a', value('changed'))
      bytes.delete('b')
      const second = backend.save({ n: '2' })
      bytes.delete('c')
      put('d')
      expect(shown(bytes.entries())).to.deep.equal(['a=changed', 'd=D'])
      await Promise.all([first, second])
      expect(backend.meta).to.deep.equal({ n: '2' })
      expect(shown(bytes.entries())).to.deep.equal(['a=changed', 'd=D'])
      expect(bytes.size).to.equal(2)
    })

    it('should do what a plain map with sorted keys does', async () => {
      const key = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\xff'), maxLength: 3 })
      const action = fc.oneof(
        { weight: 5, arbitrary: fc.record({ set: key, to: fc.uint8Array({ maxLength: 200 }) }) },
        { weight: 2, arbitrary: fc.record({ delete: key }) },
        { weight: 1, arbitrary: fc.record({ get: key }) },
        {
          weight: 2,
          arbitrary: fc.record({ from: fc.option(key), to: fc.option(key), reversed: fc.boolean() }),
        },
        { weight: 1, arbitrary: fc.constantFrom('save', 'begin a save') },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(action, { size: '+1' }), async (actions) => {
          const tested = await open()
          const plain = new Map<string, Buffer>()
          const store = tested.bytes('store')
          for (const act of actions) {
            if (typeof act === 'string') {
              const saved = tested.save({})
              if (act === 'save') await saved
            } else if ('set' in act) {
              store.set(act.set, Buffer.from(act.to))
              plain.set(act.set, Buffer.from(act.to))
            } else if ('delete' in act) {
              store.delete(act.delete)
              plain.delete(act.delete)
            } else if ('get' in act) {
              expect(store.get(act.get)).to.deep.equal(plain.get(act.get))
            } else {
              const [from, to] = [act.from ?? undefined, act.to ?? undefined]
              const inRange = [...plain]
                .filter(([at]) => (from === undefined || at >= from) && (to === undefined || at < to))
                .sort(([a], [b]) => (a < b ? -1 : 1))
              const found = act.reversed
                ? [...store.entriesReversed(from, to)].reverse()
                : [...store.entries(from, to)]
              expect(found).to.deep.equal(inRange)
            }
            expect(store.size).to.equal(plain.size)
          }
          await tested.close()
        }),
        { numRuns: 50 },
      )
    })
  })
}
