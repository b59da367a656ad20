import { expect } from 'chai'
import { sessionStore } from '../../lib/index.ts'
import { openDiskState } from '../../lib/state/disk-state.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import type { StateBackend } from '../../lib/state/ordered-bytes.ts'
import type { StoredRow } from '../../lib/state/row.ts'
import type { SessionStore } from '../../lib/state/session-store.ts'
import { TaskState } from '../../lib/state/task-state.ts'
import type { Windowed } from '../../lib/windows/windowed.ts'
import { stateFolders } from './state-folder.ts'

const folder = stateFolders()
const spec = sessionStore<string>('sessions', { retention: 100_000 })

/** A session as it is written here: `key start-end`. */
function sessionOf(said: string): Windowed<string> {
  const [key, bounds] = said.split(' ') as [string, string]
  const [start, end] = bounds.split('-').map(Number) as [number, number]
  return { key, start, end }
}

const shown = (rows: Iterable<StoredRow<Windowed<string>, string>>) =>
  Array.from(rows, ({ key: { key, start, end } }) => `${key} ${start}-${end}`)

const backends: Readonly<Record<string, () => Promise<StateBackend>>> = {
  'in memory': async () => memoryState(),
  'on disk': () => openDiskState(folder()),
}

for (const [where, open] of Object.entries(backends)) {
  describe(`session store ${where}`, () => {
    let backend: StateBackend
    let store: SessionStore<string, string>
    beforeEach(async () => {
      backend = await open()
      store = new TaskState(backend).store(spec)
    })
    afterEach(() => backend.close())

    const put = (...sessions: readonly string[]) => {
      for (const said of sessions) store.put(sessionOf(said), said)
    }

    it('should be empty at first', () => {
      expect(store.get(sessionOf('a 1-2'))).to.equal(undefined)
      expect(shown(store.all())).to.deep.equal([])
      expect(shown(store.fetch('a'))).to.deep.equal([])
      expect(shown(store.findAll(0, 1000))).to.deep.equal([])
    })

    it('should find the sessions of a key that touch a time, both ends included, ascending by end', () => {
      put('a 50-60', 'a 10-20', 'a 30-40', 'b 15-25')
      expect(shown(store.find('a', 20, 50))).to.deep.equal(['a 10-20', 'a 30-40', 'a 50-60'])
      expect(shown(store.find('a', 21, 49))).to.deep.equal(['a 30-40'])
      expect(shown(store.find('a', -5, 5))).to.deep.equal([])
      expect(shown(store.fetch('b'))).to.deep.equal(['b 15-25'])
    })

    it('should keep apart keys of which one begins with the other', () => {
      put('a 10-20', 'ab 10-20', 'a\0 10-20')
      expect(shown(store.fetch('a'))).to.deep.equal(['a 10-20'])
      expect(shown(store.fetch('a\0'))).to.deep.equal(['a\0 10-20'])
    })

    it('should give what was put last, and nothing that was removed or put as null', () => {
      put('a 10-20', 'a 30-40', 'b 10-20')
      store.put(sessionOf('a 10-20'), 'new')
      store.remove(sessionOf('a 30-40'))
      store.put(sessionOf('b 10-20'), null)
      expect(store.get(sessionOf('a 10-20'))).to.equal('new')
      expect(shown(store.all())).to.deep.equal(['a 10-20'])
      expect(shown(store.findAll(0, 100))).to.deep.equal(['a 10-20'])
    })

    it('should be walked by key, or by end', () => {
      put('b 0-10', 'a 5-30', 'a 6-20', 'c 7-20')
      expect(shown(store.all())).to.deep.equal(['a 6-20', 'a 5-30', 'b 0-10', 'c 7-20'])
      expect(shown(store.findAll(10, 20))).to.deep.equal(['b 0-10', 'a 6-20', 'c 7-20'])
      expect(shown(store.findAll(11, 19))).to.deep.equal([])
    })

    it('should forget what ends its retention behind the newest end', () => {
      put('a 10-20', 'a 30-40', 'b 10-100020')
      expect(store.get(sessionOf('a 10-20'))).to.equal(undefined)
      expect(shown(store.fetch('a'))).to.deep.equal(['a 30-40'])
      expect(shown(store.all())).to.deep.equal(['a 30-40', 'b 10-100020'])
    })

    it('should find by its end what it has forgotten, until a whole segment of time is removed', () => {
      put('a 10-20', 'a 0-60000', 'b 10-159999')
      expect(shown(store.fetch('a'))).to.deep.equal(['a 0-60000'])
      expect(shown(store.findAll(0, 70_000))).to.deep.equal(['a 10-20', 'a 0-60000'])
      put('b 10-160000')
      expect(shown(store.findAll(0, 70_000))).to.deep.equal(['a 0-60000'])
      put('a 10-59999')
      expect(shown(store.findAll(0, 70_000))).to.deep.equal(['a 0-60000'])
    })

    it('should be moved on by what is put as null, too', () => {
      put('a 10-20')
      store.put(sessionOf('b 10-100020'), null)
      expect(shown(store.all())).to.deep.equal([])
    })
  })
}

describe('a session store that is opened again', () => {
  it('should have its sessions, know what it has forgotten, and remove what is due', async () => {
    const dir = folder()
    const first = new TaskState(await openDiskState(dir))
    for (const said of ['a 10-20', 'a 30-40', 'b 10-100020'])
      first.store(spec).put(sessionOf(said) as never, said as never)
    await first.save({})
    await first.close()
    const second = new TaskState(await openDiskState(dir))
    const store = second.store(spec)
    expect(shown(store.all())).to.deep.equal(['a 30-40', 'b 10-100020'])
    expect(shown(store.findAll(0, 100))).to.deep.equal(['a 10-20', 'a 30-40'])
    store.put(sessionOf('b 10-200000'), 'x')
    expect(shown(store.findAll(0, 100))).to.deep.equal([])
    await second.close()
  })
})
