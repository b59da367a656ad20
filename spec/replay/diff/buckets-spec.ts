import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { BUCKETS, Buckets } from '../../../lib/replay/diff/buckets.ts'
import type { StoredEntry } from '../../../lib/replay/diff/stored-entry.ts'

const entry = (key: string, clock: number | null, value: string | null, rest = ''): StoredEntry => ({
  key,
  clock,
  value: value === null ? null : Buffer.from(value),
  rest: Buffer.from(rest),
})

describe('buckets', () => {
  let folder: string
  let buckets: Buckets

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-buckets-'))
    buckets = new Buckets(join(folder, 'made'))
  })

  afterEach(() => {
    buckets.close()
    rmSync(folder, { recursive: true })
  })

  const all = () => new Map(Array.from({ length: BUCKETS }, (_, index) => [...buckets.bucket(index)]).flat())

  it('should give back what was added, whatever is in it', () => {
    const given = [
      entry('a', 1, 'x', 'rest'),
      entry('日本/%', null, ''),
      entry('', 0.5, null),
      entry('big', 2 ** 52, 'y'.repeat(70_000)),
    ]
    for (const one of given) buckets.add(one)
    expect([...all().values()]).to.have.deep.members(given)
    expect(buckets.entries).to.equal(4)
  })

  it('should keep the newest of a key, the later among equals', () => {
    for (const [clock, value] of [
      [3, 'third'],
      [1, 'first'],
      [3, 'third again'],
      [2, 'second'],
    ] as const) {
      buckets.add(entry('k', clock, value))
    }
    expect(String(all().get('k')!.value)).to.equal('third again')
  })

  it('should keep a deletion that is the newest', () => {
    buckets.add(entry('k', 2, null))
    buckets.add(entry('k', 1, 'before'))
    expect(all().get('k')!.value).to.equal(null)
  })

  it('should go on in a file that nobody else can see, in the order in which entries came', () => {
    const value = 'v'.repeat(1000)
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 20_000; n++) buckets.add(entry(`key ${n}`, 7, `${round} ${value}`, String(n)))
    }
    expect(readdirSync(join(folder, 'made'))).to.deep.equal([])
    const found = all()
    expect(found.size).to.equal(20_000)
    const wrong = [...found].filter(([key, { value: held, rest }]) => {
      return String(held) !== `2 ${value}` || key !== `key ${rest}`
    })
    expect(wrong).to.deep.equal([])
  })

  it('should make no file for what fits into memory', () => {
    for (let n = 0; n < 1000; n++) buckets.add(entry(`key ${n}`, 7, 'small'))
    expect(all().size).to.equal(1000)
    expect(readdirSync(folder)).to.deep.equal([])
  })
})
