import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ClassicLevel } from 'classic-level'
import fc from 'fast-check'
import { openDiskState } from '../../lib/state/disk-state.ts'
import type { StateBackend } from '../../lib/state/ordered-bytes.ts'
import { failureOf } from '../conformance/failure-of.ts'
import { contents } from './saves.ts'
import { copyAtOnce, stateFolders } from './state-folder.ts'

const STORES = ['a', 'b']
const value = (text: string) => Buffer.from(text)

describe('state on disk', () => {
  const folder = stateFolders()

  /** What somebody finds who opens the folder as it is at this moment. */
  async function crashImage(dir: string): Promise<StateBackend> {
    const image = folder()
    copyAtOnce(dir, image)
    return openDiskState(image)
  }

  it('should hold what was saved when it is opened again, and nothing else', async () => {
    const dir = folder()
    const before = await openDiskState(dir)
    before.bytes('a').set('kept', value('1'))
    before.bytes('a').set('deleted', value('1'))
    before.bytes('b').set('\0\xff', value(''))
    before.bytes('größe').set('kept', value('2'))
    await before.save({ n: '1' })
    before.bytes('a').delete('deleted')
    await before.save({ n: '2' })
    before.bytes('a').set('kept', value('not saved'))
    before.bytes('a').set('new', value('not saved'))
    before.bytes('b').delete('\0\xff')
    await before.close()
    const after = await openDiskState(dir)
    expect(contents(after, 'a', 'b', 'größe')).to.deep.equal({
      'a/kept': '1',
      'b/\0\xff': '',
      'größe/kept': '2',
    })
    expect([after.bytes('a').size, after.bytes('c').size]).to.deep.equal([1, 0])
    expect(after.meta).to.deep.equal({ n: '2' })
    await after.close()
  })

  it('should hold what it was filled with when it is opened again, and nothing that was not saved', async () => {
    const dir = folder()
    const state = await openDiskState(dir)
    const loader = state.loader('a')
    for (let i = 0; i < 3000; i++) loader.set(value(String(i % 1000)), value(`value ${i}`))
    loader.delete(value('7'))
    await state.save({ read: '3000' })
    loader.set(value('8'), value('never saved'))
    loader.delete(value('9'))
    await state.close()
    const again = await openDiskState(dir)
    const filled = again.bytes('a')
    expect([filled.size, filled.get('7'), String(filled.get('8')), String(filled.get('9'))]).to.deep.equal([
      999,
      undefined,
      'value 2008',
      'value 2009',
    ])
    expect(again.meta).to.deep.equal({ read: '3000' })
    await again.close()
  })

  it('should save what changes during a save with the next one', async () => {
    const dir = folder()
    const state = await openDiskState(dir)
    const store = state.bytes('a')
    for (const key of ['changed', 'deleted', 'back']) store.set(key, value('1'))
    const first = state.save({ n: '1' })
    store.set('changed', value('2'))
    store.delete('deleted')
    store.delete('back')
    store.set('back', value('2'))
    store.set('new', value('2'))
    await first
    const one = await crashImage(dir)
    expect(contents(one, 'a')).to.deep.equal({ 'a/changed': '1', 'a/deleted': '1', 'a/back': '1' })
    expect(one.meta).to.deep.equal({ n: '1' })
    await one.close()
    await state.save({ n: '2' })
    const two = await crashImage(dir)
    expect(contents(two, 'a')).to.deep.equal({ 'a/changed': '2', 'a/back': '2', 'a/new': '2' })
    await two.close()
    await state.close()
  })

  it('should be the one or the other, whole, when a save is cut short', async () => {
    const dir = folder()
    const state = await openDiskState(dir)
    for (let n = 1; n <= 30; n++) {
      for (let i = 0; i < 500; i++)
        state.bytes('a').set(String((i * n) % 900), value(String(n).repeat(i % 50)))
      const now = contents(state, 'a')
      const saving = state.save({ n: String(n) })
      const image = await crashImage(dir)
      expect(Number(image.meta.n ?? 0)).to.be.within(n - 1, n)
      if (image.meta.n === String(n)) expect(contents(image, 'a')).to.deep.equal(now)
      await image.close()
      await saving
    }
    await state.close()
  })

  it('should be what a plain map is that is copied at each save, through restarts and crashes', async () => {
    const key = fc.constantFrom('', 'k', 'k\0', 'l', '\xff')
    const store = fc.constantFrom(...STORES)
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.record({ store, set: key, to: fc.string({ maxLength: 100 }) }) },
      { weight: 3, arbitrary: fc.record({ store, delete: key }) },
      { weight: 2, arbitrary: fc.record({ store, get: key }) },
      { weight: 4, arbitrary: fc.constantFrom('save', 'begin a save', 'open again', 'crash') },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { size: '+1' }),
        fc.constantFrom(0, 700, 1e6),
        async (actions, cacheBytes) => {
          let dir = folder()
          let state = await openDiskState(dir, { cacheBytes })
          let [now, saved, saves]: [Record<string, string>, Record<string, string>, number] = [{}, {}, 0]
          let last: Promise<void> = Promise.resolve()
          for (const act of actions) {
            if (typeof act !== 'string') {
              const at = `${act.store}/${'set' in act ? act.set : 'delete' in act ? act.delete : act.get}`
              if ('set' in act) {
                state.bytes(act.store).set(act.set, Buffer.from(act.to, 'latin1'))
                now[at] = Buffer.from(act.to, 'latin1').toString('latin1')
              } else if ('delete' in act) {
                state.bytes(act.store).delete(act.delete)
                delete now[at]
              } else expect(state.bytes(act.store).get(act.get)?.toString('latin1')).to.equal(now[at])
            } else if (act.endsWith('save')) {
              saved = { ...now }
              last = state.save({ saves: String(++saves) })
              if (act === 'save') await last
            } else {
              await last
              const image = folder()
              if (act === 'crash') copyAtOnce(dir, image)
              await state.close()
              if (act === 'crash') dir = image
              state = await openDiskState(dir, { cacheBytes })
              now = { ...saved }
              expect(state.meta).to.deep.equal(saves === 0 ? {} : { saves: String(saves) })
            }
            if (typeof act === 'string') expect(contents(state, ...STORES)).to.deep.equal(now)
          }
          await state.close()
        },
      ),
      { numRuns: 30 },
    )
  }).timeout(60_000)

  it('should keep the values used last in memory, as many as fit', async () => {
    const state = await openDiskState(folder(), { cacheBytes: 3000 })
    const store = state.bytes('a')
    for (const key of ['1', '2', '3']) store.set(key, Buffer.alloc(1000, key))
    const [one, two, three] = ['1', '2', '3'].map((key) => store.get(key))
    expect(store.get('1'), 'changed values stay').to.equal(one)
    const saving = state.save({})
    expect([store.get('1'), store.get('2'), store.get('3')], 'while they are saved too').to.deep.equal([
      one,
      two,
      three,
    ])
    await saving
    expect(store.get('2'), 'used').to.equal(two)
    store.get('1')
    expect(store.get('3'), 'used longer ago').to.not.equal(three)
    expect(store.get('3')).to.deep.equal(three)
    expect(store.get('2')).to.not.equal(two)
    expect(store.get('2')).to.deep.equal(two)
    await state.close()
  })

  it('should be open once, until it is closed', async () => {
    const dir = folder()
    const state = await openDiskState(dir)
    const error = await failureOf(openDiskState(dir))
    expect(error.code).to.equal('CONFIG')
    expect(error.message).to.include(dir).and.to.include('another worker')
    await state.close()
    await (await openDiskState(dir)).close()
  })

  it('should refuse a folder with other things in it, a file, and a store of another program', async () => {
    const [things, file, store] = [folder(), folder(), folder()]
    mkdirSync(things)
    writeFileSync(join(things, 'letter.txt'), 'mine')
    writeFileSync(file, 'mine')
    const other = new ClassicLevel(join(store, 'leveldb'))
    await other.put('k', 'v')
    await other.close()
    for (const dir of [things, file, store]) {
      const error = await failureOf(openDiskState(dir))
      expect(error.code, error.message).to.equal('CONFIG')
      expect(error.message).to.include(dir)
    }
    expect(readFileSync(join(things, 'letter.txt'), 'utf8')).to.equal('mine')
  })

  it("should refuse another owner's state, and keep whose it is whoever saves", async () => {
    const dir = folder()
    const state = await openDiskState(dir, { owner: 'a/0_0' })
    await state.save({})
    await state.close()
    const anyone = await openDiskState(dir)
    await anyone.save({})
    await anyone.close()
    const error = await failureOf(openDiskState(dir, { owner: 'b/0_0' }))
    expect(error.code).to.equal('CONFIG')
    expect(error.message).to.include(dir).and.to.include('is that of a/0_0, not of b/0_0')
    await (await openDiskState(dir, { owner: 'a/0_0' })).close()
  })

  it('should refuse a later format', async () => {
    const dir = folder()
    await (await openDiskState(dir)).close()
    const level = new ClassicLevel(join(dir, 'leveldb'))
    await level.put('f', 'millrace state 2')
    await level.close()
    const error = await failureOf(openDiskState(dir))
    expect(error.code).to.equal('CONFIG')
    expect(error.message).to.include(dir).and.to.include('format 2')
  })

  it("should refuse a store's name that it could not tell from another", async () => {
    const state = await openDiskState(folder())
    expect(() => state.bytes('a\0b')).to.throw('U+0000')
    await state.close()
  })

  it('should be for this user alone', async () => {
    const dir = folder()
    await (await openDiskState(dir)).close()
    expect(statSync(dir).mode & 0o777).to.equal(0o700)
  })
})
