import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type BatchOptions,
  batch,
  count,
  drops,
  json,
  keyBy,
  map,
  type RxRecord,
  type Stream,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
} from '../../lib/index.ts'
import { type TestDriver, type TestDriverOptions, testDriver } from '../../lib/testing/index.ts'
import { failureOf } from '../contract/failure-of.ts'
import { chain, driven, lettersOf, type Short, shortened } from '../support/driven.ts'
import { internalNames } from '../support/internal-names.ts'

type Said = BatchOptions<string> & { readonly per?: 'partition' | 'key' }

const shown = (records: readonly RxRecord<unknown, unknown>[]) =>
  records.map(({ key, value, timestamp }) => `${key}:${value}@${timestamp}`).join(' ')

/** What comes out is each batch's records as text. */
const batched = (said: Said) =>
  chain<string>((input) => input.pipe(batch('batch', said as never), map('shown', shown)))

const records = (...said: readonly string[]): Short[] =>
  said.map((record) => {
    const [, key, value, time] = /^(\w+):(\w+)@(\d+)$/.exec(record)!
    return [key === 'none' ? null : key, value === 'null' ? null : value, Number(time)]
  })

async function pipe(driver: TestDriver, ...said: readonly string[]): Promise<Short[]> {
  for (const [key, value, timestamp] of records(...said)) await driver.pipe('in', { key, value, timestamp })
  return shortened(driver)
}

async function advance(driver: TestDriver, by: number): Promise<Short[]> {
  await driver.advanceWallClock(by)
  return shortened(driver)
}

async function using(
  said: Said,
  use: (driver: TestDriver) => Promise<void>,
  options: TestDriverOptions = {},
) {
  const driver = await testDriver(batched(said), options)
  try {
    await use(driver)
  } finally {
    await driver.close()
  }
}

describe('batch', () => {
  it('should hand on nothing of nothing, however long it takes', async () => {
    await using({ records: 1, every: 10 }, async (driver) => {
      expect(await advance(driver, 1000)).to.deep.equal([])
    })
  })

  it('should hand on each record alone where one is enough', async () => {
    const { out } = await driven(batched({ records: 1 }), records('a:x@1', 'b:y@2'))
    expect(out).to.deep.equal([
      [null, 'a:x@1', 1],
      [null, 'b:y@2', 2],
    ])
  })

  it('should hand on as many as are enough, in order of arrival, and start anew', async () => {
    const inputs = records('a:x@1', 'b:y@2', 'a:z@3', 'c:x@4', 'a:y@5', 'b:z@6', 'a:left@7')
    const { out } = await driven(batched({ records: 3 }), inputs)
    expect(out).to.deep.equal([
      [null, 'a:x@1 b:y@2 a:z@3', 3],
      [null, 'c:x@4 a:y@5 b:z@6', 6],
    ])
  })

  it('should give a batch the largest of its timestamps', async () => {
    const { out } = await driven(batched({ records: 3 }), records('a:x@10', 'a:y@30', 'a:z@20'))
    expect(out).to.deep.equal([[null, 'a:x@10 a:y@30 a:z@20', 30]])
  })

  it('should collect records without a key or a value too', async () => {
    const { out } = await driven(batched({ records: 3 }), records('none:x@1', 'a:null@2', 'none:null@3'))
    expect(out).to.deep.equal([[null, 'null:x@1 a:null@2 null:null@3', 3]])
  })

  it('should hand on the record that reaches the bytes with those before it', async () => {
    // Keys of one byte, and values of as many as they have letters.
    const text = { encode: (value: string) => Buffer.from(value), decode: String }
    const { out } = await driven(
      batched({ bytes: 10, value: text }),
      records('a:1234@1', 'a:123@2', 'a:1@3', 'a:123456789@4', 'a:12345678@5'),
    )
    expect(out.map(([, value]) => value)).to.deep.equal(['a:1234@1 a:123@2 a:1@3', 'a:123456789@4'])
  })

  it('should count the bytes of headers', async () => {
    await using({ bytes: 1000 }, async (driver) => {
      const headers = [['name', Buffer.alloc(1000)]] as const
      await driver.pipe('in', { key: 'a', value: 'x', timestamp: 1, headers })
      expect(shortened(driver)).to.deep.equal([[null, 'a:x@1', 1]])
    })
  })

  it('should hand on what there is when the first has waited, by the wall clock', async () => {
    await using({ records: 3, every: 1000 }, async (driver) => {
      await advance(driver, 300)
      await pipe(driver, 'a:x@5')
      expect(await advance(driver, 600)).to.deep.equal([])
      await pipe(driver, 'b:y@3')
      expect(await advance(driver, 399)).to.deep.equal([])
      expect(await advance(driver, 1)).to.deep.equal([[null, 'a:x@5 b:y@3', 5]])
      expect(await advance(driver, 5000)).to.deep.equal([])
    })
  })

  it('should let each batch wait by itself', async () => {
    await using({ records: 2, every: 1000 }, async (driver) => {
      await pipe(driver, 'a:x@1')
      await advance(driver, 900)
      expect(await pipe(driver, 'a:y@2', 'a:z@3')).to.deep.equal([[null, 'a:x@1 a:y@2', 2]])
      // The first of the second batch came at 900.
      expect(await advance(driver, 999)).to.deep.equal([])
      expect(await advance(driver, 1)).to.deep.equal([[null, 'a:z@3', 3]])
    })
  })

  it('should not be moved by the time of records', async () => {
    await using({ every: 1000 }, async (driver) => {
      expect(await pipe(driver, 'a:x@1', 'a:y@999999', 'a:late@2')).to.deep.equal([])
      expect(await advance(driver, 1000)).to.deep.equal([[null, 'a:x@1 a:y@999999 a:late@2', 999999]])
    })
  })

  it('should hand on all records with key, timestamp, headers and origin, and have no headers of its own', async () => {
    const headers = [['name', Buffer.from('value')]] as const
    const said = chain<string>((input) =>
      input.pipe(
        batch('batch', { records: 2 }),
        map('origins', (found, { headers: own }) => [
          own.length,
          ...found.map((record) => [
            String(record.headers[0]?.[1]),
            record.topic,
            record.partition,
            record.offset,
          ]),
        ]),
      ),
    )
    const driver = await testDriver(said)
    for (const timestamp of [1, 2]) await driver.pipe('in', { key: 'a', value: 'x', timestamp, headers })
    expect(shortened(driver)).to.deep.equal([[null, [0, ['value', 'in', 0, 0], ['value', 'in', 0, 1]], 2]])
    await driver.close()
  })

  it('should keep the records of partitions apart', async () => {
    await using(
      { records: 2 },
      async (driver) => {
        const at = (partition: number, value: string) =>
          driver.pipe('in', { key: 'k', value, timestamp: 1, partition })
        await at(0, 'x')
        await at(1, 'y')
        expect(shortened(driver)).to.deep.equal([])
        await at(0, 'z')
        expect(shortened(driver)).to.deep.equal([[null, 'k:x@1 k:z@1', 1]])
      },
      { partitions: 2 },
    )
  })

  it('should come to the same batches in one micro-batch or many', async () => {
    const inputs = records('a:x@1', 'b:y@2', 'a:z@3', 'c:x@4', 'a:y@5', 'b:z@6')
    const outputs = [1, 2, 100].map(async (size) => {
      const driver = await testDriver(batched({ records: 4 }), { batch: size })
      await driver.pipeAll(
        'in',
        inputs.map(([key, value, timestamp]) => ({ key, value, timestamp })),
      )
      return shortened(driver)
    })
    const expected = [[null, 'a:x@1 b:y@2 a:z@3 c:x@4', 4]]
    expect(await Promise.all(outputs)).to.deep.equal([expected, expected, expected])
  })

  it('should refuse a record that can not be kept, and go on', async () => {
    const value = {
      encode: (said: string) => {
        if (said === 'bad') throw new Error('not to be kept')
        return Buffer.from(said)
      },
      decode: String,
    }
    const { out, letters } = await driven(
      batched({ records: 2, value }),
      records('a:x@1', 'a:bad@2', 'a:y@3'),
    )
    expect(out).to.deep.equal([[null, 'a:x@1 a:y@3', 3]])
    expect(letters).to.have.length(1)
    expect(letters[0]).to.match(/^batch: /)
  })

  it('should make a dead letter of the last record of a batch that a later step refuses', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        batch('batch', { every: 10 }),
        map('fails', (): string => {
          throw new Error('never')
        }),
      ),
    )
    const driver = await testDriver(said)
    await pipe(driver, 'a:x@1', 'a:y@2')
    await driver.advanceWallClock(10)
    expect(lettersOf(driver)).to.have.length(1)
    expect(driver.deadLetters[0]?.record.timestamp).to.equal(2)
    await driver.close()
  })

  it('should refuse limits that say nothing, or can not be reached', () => {
    expect(failureOf(() => batched({} as Said)).message).to.equal(
      'step "batch" would collect for ever: say { records }, { bytes } or { every }',
    )
    for (const said of [{ records: 0 }, { bytes: Number.NaN }, { every: 0 }]) {
      expect(failureOf(() => batched(said)).message).to.match(
        /step "batch" has \{ \w+: (0|NaN) \}, which no batch/,
      )
    }
  })
})

describe('batch per key', () => {
  it('should collect the records of each key, and be of that key', async () => {
    const inputs = records('a:1@1', 'b:2@2', 'a:3@3', 'c:4@4', 'b:5@1', 'a:6@6')
    const { out } = await driven(batched({ per: 'key', records: 2 }), inputs)
    expect(out).to.deep.equal([
      ['a', 'a:1@1 a:3@3', 3],
      ['b', 'b:2@2 b:5@1', 2],
    ])
  })

  it('should let each key wait by itself', async () => {
    await using({ per: 'key', records: 2, every: 1000 }, async (driver) => {
      await pipe(driver, 'a:1@1')
      await advance(driver, 400)
      await pipe(driver, 'b:2@2', 'c:3@3')
      await advance(driver, 400)
      expect(await pipe(driver, 'b:4@4', 'b:5@5')).to.deep.equal([['b', 'b:2@2 b:4@4', 4]])
      expect(await advance(driver, 200)).to.deep.equal([['a', 'a:1@1', 1]])
      expect(await advance(driver, 400)).to.deep.equal([['c', 'c:3@3', 3]])
      expect(await advance(driver, 400)).to.deep.equal([['b', 'b:5@5', 5]])
    })
  })

  it('should leave out, count and show records without a key', async () => {
    const said = chain<string>((input) => {
      const batches = input.pipe(batch('batch', { per: 'key', records: 1 }))
      return batches.pipe(
        drops('left-out'),
        map('reason', ({ reason, value }) => `${reason} ${value}`),
      )
    })
    const { out, counters } = await driven(said, records('none:x@1', 'a:y@2'))
    expect(out).to.deep.equal([[null, 'null-key x', 1]])
    expect(counters.get('batch', 'null-key')).to.equal(1)
  })

  it('should have the records of a key in one place, whatever the partitions', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        keyBy('by-value', (value) => value),
        batch('batch', { per: 'key', records: 3 }),
        map('shown', shown),
      ),
    )
    expect(internalNames(said)).to.deep.equal({ topics: ['spec-batch-repartition'], stores: ['batch'] })
    for (const partitions of [1, 4]) {
      const { out } = await driven(said, records('a:x@1', 'b:x@2', 'c:x@3', 'd:y@4'), { partitions })
      expect(out).to.deep.equal([['x', 'x:x@1 x:x@2 x:x@3', 3]])
    }
  })

  it('should tell keys apart of which one begins another', async () => {
    const inputs = records('a:1@1', 'aa:2@2', 'aaa:3@3', 'aa:4@4')
    const { out } = await driven(batched({ per: 'key', records: 2 }), inputs)
    expect(out).to.deep.equal([['aa', 'aa:2@2 aa:4@4', 4]])
  })

  it('should hold back the time of those behind a repartition topic, by what has come out of it', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        batch('batch', { per: 'key', records: 2, every: 500 }),
        keyBy('together', () => 'all'),
        window('tens', tumbling(10)),
        count('counts'),
        toStream('updates'),
        keyBy('starts', (_, { key }) => `${key.start}`),
      ),
    )
    const driver = await testDriver(said, { partitions: 2 })
    const at = (partition: number, key: string, timestamp: number) =>
      driver.pipe('in', { key, value: 'x', timestamp, partition })
    await at(0, 'waits', 110)
    await at(0, 'waits-too', 200)
    await at(1, 'full', 200)
    await at(1, 'full', 201)
    expect(shortened(driver)).to.deep.equal([['200', 1, 201]])
    // The task of partition 0 has read up to 200, but what it holds is older.
    await driver.advanceWallClock(500)
    expect(shortened(driver)).to.deep.equal([
      ['110', 1, 110],
      ['200', 2, 201],
    ])
    expect(driver.counters.get('counts', 'late')).to.equal(0)
    await driver.close()
  })

  it('should be followed by other keyed steps without a repartition topic', async () => {
    const said = chain<string>((input) =>
      input.pipe(batch('batch', { per: 'key', records: 2 }), count('batches')),
    )
    expect(internalNames(said).topics).to.deep.equal([])
    const { out } = await driven(said, records('a:1@1', 'a:2@2', 'a:3@3', 'a:4@4'))
    expect(out).to.deep.equal([
      ['a', 1, 2],
      ['a', 2, 4],
    ])
  })
})

describe('batch after a crash', () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-batch-'))
  after(() => rmSync(root, { recursive: true }))
  const stores = () => ({ dir: mkdtempSync(join(root, 'state-')) })

  it('should have what was collected before it', async () => {
    await using(
      { records: 3 },
      async (driver) => {
        await pipe(driver, 'a:x@7', 'b:y@2')
        await driver.crash()
        expect(await pipe(driver, 'a:z@3', 'a:next@4')).to.deep.equal([[null, 'a:x@7 b:y@2 a:z@3', 7]])
      },
      { stores: stores() },
    )
  })

  it('should have waited on', async () => {
    await using(
      { every: 1000 },
      async (driver) => {
        await pipe(driver, 'a:x@1')
        await advance(driver, 600)
        await driver.crash()
        expect(await advance(driver, 399)).to.deep.equal([])
        expect(await advance(driver, 1)).to.deep.equal([[null, 'a:x@1', 1]])
      },
      { stores: stores() },
    )
  })

  for (const per of ['partition', 'key'] as const) {
    it(`should come to the same batches per ${per}, wherever it died`, async () => {
      const inputs = records(...Array.from({ length: 40 }, (_, n) => `${'abc'[n % 3]}:v${n}@${n}`))
      const { out: undisturbed } = await driven(batched({ per, records: 4 }), inputs)
      expect(undisturbed.length).to.be.greaterThan(8)
      for (const every of [2, 3, 5, 7]) {
        let point = 0
        let died = 0
        const crash = () => ++point % every === 0 && point < 120 && ++died > 0
        const { out } = await driven(batched({ per, records: 4 }), inputs, { stores: stores(), crash })
        expect(out).to.deep.equal(undisturbed)
        expect(died).to.be.greaterThan(10)
      }
    })
  }

  it('should lose and repeat nothing to a table, and nothing of another step', async () => {
    const said = topology('spec', ({ source }) => {
      const input: Stream<string, string> = source('input', topic('in', { value: json<string>() }))
      input.pipe(
        batch('batch', { records: 2 }),
        map('shown', shown),
        sink('out', topic('out', { value: json() })),
      )
      sink('counts', topic('counts', { value: json() }))(input.pipe(count('counted')) as never)
    })
    const driver = await testDriver(said, { stores: stores() })
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 1 })
    await driver.crash()
    await driver.pipe('in', { key: 'a', value: 'y', timestamp: 2 })
    expect(shortened(driver)).to.deep.equal([[null, 'a:x@1 a:y@2', 2]])
    expect(shortened(driver, 'counts').at(-1)).to.deep.equal(['a', 2, 2])
    await driver.close()
  })
})
