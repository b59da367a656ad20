import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ClassicLevel } from 'classic-level'
import { MillraceError } from '../../lib/errors.ts'
import { openDiskState } from '../../lib/state/disk-state.ts'
import { failureOf } from '../conformance/failure-of.ts'
import { change, contents } from './saves.ts'
import { stateFolders } from './state-folder.ts'

const STORES = ['counts', 'notes']
const SAVES = 8

describe('damaged state on disk', () => {
  const folder = stateFolders()
  let whole: Record<string, string>
  /** As a kill leaves it, all saves in LevelDB's log; and compacted, which makes one table of them. */
  let [inLog, inTables]: readonly string[] = []

  before(async () => {
    const dir = folder()
    inLog = folder()
    inTables = folder()
    const state = await openDiskState(dir)
    for (let n = 1; n <= SAVES; n++) {
      change(state, n)
      await state.save({ n: String(n) })
    }
    whole = contents(state, ...STORES)
    cpSync(dir, inLog, { recursive: true })
    await state.close()
    await compacted(dir)
    cpSync(dir, inTables, { recursive: true })
  })

  async function compacted(dir: string): Promise<void> {
    const level = new ClassicLevel(join(dir, 'leveldb'), { compression: false })
    await level.compactRange('a', 'z')
    await level.close()
  }

  function copyOf(dir: string): string {
    const copy = folder()
    cpSync(dir, copy, { recursive: true })
    return copy
  }

  /** Whether it was seen; if it was not, nothing may be missing or wrong. */
  async function seen(dir: string, what: string): Promise<boolean> {
    try {
      const state = await openDiskState(dir)
      const found = contents(state, ...STORES)
      await state.close()
      expect(found, what).to.deep.equal(whole)
      return false
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      expect(['DATA_LOSS', 'CONFIG'], `${what}: ${error.message}`).to.include(error.code)
      expect(error.message).to.include(dir)
      if (error.code === 'DATA_LOSS') expect(error.message).to.include('changelog')
      return true
    }
  }

  const filesOf = (dir: string, suffix: RegExp) =>
    readdirSync(join(dir, 'leveldb'))
      .filter((name) => suffix.test(name))
      .map((name) => join('leveldb', name))

  function flip(path: string, at: number): void {
    const bytes = readFileSync(path)
    bytes[at] = bytes[at]! ^ 0x10
    writeFileSync(path, bytes)
  }

  it('should be seen when nothing is wrong with it', async () => {
    for (const dir of [inLog!, inTables!]) expect(await seen(copyOf(dir), dir)).to.equal(false)
    expect(filesOf(inLog!, /\.log$/).map((file) => statSync(join(inLog!, file)).size > 10_000)).to.deep.equal(
      [true],
    )
    expect(filesOf(inTables!, /\.ldb$/)).to.have.length(1)
  })

  it('should be seen wherever a bit has flipped in the log or in a table', async () => {
    for (const [dir, suffix] of [
      [inLog!, /\.log$/],
      [inTables!, /\.ldb$/],
    ] as const) {
      const [file] = filesOf(dir, suffix)
      const { size } = statSync(join(dir, file!))
      for (let at = 0; at < size; at += Math.ceil(size / 40)) {
        const copy = copyOf(dir)
        flip(join(copy, file!), at)
        const wasSeen = await seen(copy, `${file} flipped at ${at}`)
        // The last 48 bytes of a table hold padding.
        if (suffix.test('.log') || at < size - 48) expect(wasSeen, `${file} flipped at ${at}`).to.equal(true)
      }
    }
  }).timeout(60_000)

  it('should be seen wherever the log or a table was cut', async () => {
    for (const [dir, suffix] of [
      [inLog!, /\.log$/],
      [inTables!, /\.ldb$/],
    ] as const) {
      const [file] = filesOf(dir, suffix)
      const { size } = statSync(join(dir, file!))
      for (const length of [0, 1, size >> 2, size >> 1, size - 1]) {
        const copy = copyOf(dir)
        truncateSync(join(copy, file!), length)
        expect(await seen(copy, `${file} cut to ${length}`), `${file} cut to ${length}`).to.equal(true)
      }
    }
  })

  it('should be seen when a file is gone', async () => {
    for (const dir of [inLog!, inTables!]) {
      for (const file of filesOf(dir, /^CURRENT|^MANIFEST|\.ldb$/).concat(
        dir === inLog ? filesOf(dir, /\.log$/) : [],
      )) {
        const copy = copyOf(dir)
        rmSync(join(copy, file))
        expect(await seen(copy, `no ${file}`), `no ${file}`).to.equal(true)
      }
      const copy = copyOf(dir)
      rmSync(join(copy, 'leveldb'), { recursive: true })
      expect(await seen(copy, 'no LevelDB')).to.equal(true)
    }
  })

  it('should not be seen in what a kill has left of a table, though LevelDB gives its number to the next one', async () => {
    const after = copyOf(inLog!)
    // Reads the log, and makes a table of it.
    await (await openDiskState(after)).close()
    const [next] = filesOf(after, /\.ldb$/)
    for (const left of ['', 'part of a table '.repeat(1000)]) {
      const dir = copyOf(inLog!)
      writeFileSync(join(dir, next!), left)
      expect(await seen(dir, `${left.length} bytes in ${next}`)).to.equal(false)
      expect(filesOf(dir, /\.ldb$/)).to.deep.equal([next])
    }
  })

  it('should never be read wrongly, whatever bit has flipped in whatever file', async () => {
    for (const dir of [inLog!, inTables!]) {
      for (const file of [...filesOf(dir, /^CURRENT|^MANIFEST|^LOG/), 'saved']) {
        const { size } = statSync(join(dir, file))
        for (let at = 0; at < size; at += Math.ceil(size / 12)) {
          const copy = copyOf(dir)
          flip(join(copy, file), at)
          await seen(copy, `${file} flipped at ${at}`)
        }
      }
    }
  }).timeout(60_000)

  it('should be seen when LevelDB is that of an earlier copy', async () => {
    const dir = folder()
    const state = await openDiskState(dir)
    state.bytes('a').set('k', Buffer.from('1'))
    await state.save({})
    const early = copyOf(dir)
    state.bytes('a').set('k', Buffer.from('2'))
    await state.save({})
    cpSync(join(dir, 'saved'), join(early, 'saved'))
    await state.close()
    const error = await failureOf(openDiskState(early))
    expect(error.code).to.equal('DATA_LOSS')
    expect(error.message).to.include('save 2').and.to.include('save 1')
  })

  it('should be seen when it comes after the start, at the entry that it has hit', async () => {
    const dir = copyOf(inTables!)
    const state = await openDiskState(dir, { cacheBytes: 0 })
    const [table] = filesOf(dir, /\.ldb$/)
    const { size } = statSync(join(dir, table!))
    writeFileSync(join(dir, table!), Buffer.alloc(size), { flag: 'r+' })
    expect(() => contents(state, ...STORES))
      .to.throw(MillraceError)
      .with.property('code', 'DATA_LOSS')
    await state.close()
  })
})
