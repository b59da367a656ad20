import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { BUCKETS, Buckets } from '../../../lib/replay/diff/buckets.ts'
import type { DiffSide } from '../../../lib/replay/diff/diff-row.ts'
import { overlaid } from '../../../lib/replay/diff/overlaid-side.ts'
import type { StoredEntry } from '../../../lib/replay/diff/stored-entry.ts'

const entry = (key: string, clock: number | null, value: string | null, rest = ''): StoredEntry => ({
  key,
  clock,
  value: value === null ? null : Buffer.from(value),
  rest: Buffer.from(rest),
})

/** A side that shows entries as they are. */
const side = (...entries: StoredEntry[]): DiffSide => ({
  unreadable: 0,
  async *entries() {
    yield* entries
  },
  rowOf: ({ clock, value, rest }) => ({ value: { text: String(value), rest: String(rest) }, clock }),
})

async function* of(...entries: StoredEntry[]) {
  yield* entries
}

describe('a side with other rows laid over it', () => {
  let folder: string
  let buckets: Buckets

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-overlaid-'))
    buckets = new Buckets(folder)
  })
  afterEach(() => {
    buckets.close()
    rmSync(folder, { recursive: true })
  })

  it('should be what is laid over it, however old, and as it was elsewhere', async () => {
    const over = overlaid(
      side(entry('kept', 7, 'own', 'a'), entry('replaced', 9, 'own', 'b'), entry('gone', 9, 'own')),
      of(entry('replaced', 3, 'laid over', 'c'), entry('gone', 2, null), entry('new', null, 'laid over')),
    )
    for await (const one of over.entries()) buckets.add(one)
    const newest = new Map(Array.from({ length: BUCKETS }, (_, index) => [...buckets.bucket(index)]).flat())
    expect(newest.get('gone')!.value).to.equal(null)
    newest.delete('gone')
    const rows = new Map([...newest].map(([key, one]) => [key, over.rowOf(one)]))
    expect(Object.fromEntries(rows)).to.deep.equal({
      kept: { value: { text: 'own', rest: 'a' }, clock: 7 },
      replaced: { value: { text: 'laid over', rest: 'c' }, clock: 3 },
      new: { value: { text: 'laid over', rest: '' }, clock: null },
    })
  })
})
