import { expect } from 'chai'
import { murmur2 } from '../../lib/broker/partitioner.ts'
import type { OutRecord, RawRecord } from '../../lib/record.ts'
import type { BrokerSuite } from './broker.ts'
import { numbered, record, uniqueName } from './broker-harness.ts'
import { failureOf } from './failure-of.ts'

const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export function producerCases({ harness, has }: BrokerSuite): void {
  describe('producer', () => {
    it('should keep keys, values, headers and timestamps to the byte', async () => {
      const topic = await harness().topic()
      const records = oddRecords(topic)
      await harness().produce(records)
      expect((await harness().readAll(topic)).map(asWritten)).to.deep.equal(records)
    })

    it('should put a keyed record where the Java client does', async () => {
      const topic = await harness().topic(12)
      const keys = ['a', 'abc', 'foobar', '李明', '3f2a8b9e-6d3c-4b62-9a77-0c1d2e3f4a5b'].map((key) =>
        Buffer.from(key),
      )
      await harness().produce(keys.map((key) => record(topic, 'v', { key })))
      for (const { key, partition } of await harness().readAll(topic)) {
        expect(partition).to.equal((murmur2(key!) & 0x7fffffff) % 12)
      }
    })

    it('should use every partition for records without a key', async () => {
      const topic = await harness().topic(3)
      await harness().produce(numbered(topic, 300, { headers: [['padding', Buffer.alloc(1000)]] }))
      const used = new Set((await harness().readAll(topic)).map(({ partition }) => partition))
      expect([...used].sort()).to.deep.equal([0, 1, 2])
    })

    it('should put a record into the partition it names', async () => {
      const topic = await harness().topic(3)
      await harness().produce([0, 1, 2].map((partition) => record(topic, String(partition), { partition })))
      for (const { value, partition } of await harness().readAll(topic))
        expect(String(value)).to.equal(String(partition))
    })

    it('should refuse a partition that does not exist', async () => {
      const topic = await harness().topic(2)
      const error = await failureOf(harness().produce([record(topic, 'x', { partition: 2 })]))
      expect(error.code).to.equal('WRITE')
      expect(error.message).to.include(topic)
    })

    it('should refuse a topic that does not exist', async () => {
      const topic = uniqueName('missing')
      const error = await failureOf(harness().produce([record(topic, 'x')]))
      expect(error).to.include({ code: 'MISSING', retriable: false })
      expect(error.message).to.include(topic)
    })

    it('should keep the order of each partition through one large send', async () => {
      const topic = await harness().topic(2)
      const padding = Buffer.alloc(1500, 'p')
      const records = numbered(topic, 2000).map((out, i) => ({ ...out, partition: i % 2, key: padding }))
      await harness().produce(records)
      const written = await harness().readAll(topic)
      for (const partition of [0, 1]) {
        const values = written
          .filter((raw) => raw.partition === partition)
          .map(({ value }) => Number(String(value)))
        expect(values).to.deep.equal(Array.from({ length: 1000 }, (_, i) => 2 * i + partition))
      }
    })

    it('should write every record of many sends at once', async () => {
      const topic = await harness().topic(3)
      const producer = await harness().broker.producer({})
      const sends = Array.from({ length: 40 }, (_, i) => numbered(topic, 10, { key: Buffer.from(String(i)) }))
      await Promise.all(sends.map((records) => producer.send(records)))
      await producer.close()
      const written = await harness().readAll(topic)
      for (let i = 0; i < 40; i++) {
        const mine = written
          .filter(({ key }) => String(key) === String(i))
          .map(({ value }) => Number(String(value)))
        expect(mine).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      }
    })

    it('should resolve at once when there is nothing to send', async () => {
      await harness().produce([])
    })

    for (const compression of COMPRESSIONS) {
      it(`should write what can be read back with compression ${compression}`, async () => {
        const topic = await harness().topic()
        const producer = await harness().broker.producer({ compression })
        const records = numbered(topic, 1000, { key: Buffer.alloc(100, 'k'), partition: 0 })
        await producer.send(records)
        await producer.close()
        expect((await harness().readAll(topic)).map(asWritten)).to.deep.equal(records)
      })
    }

    if (has('record-size-limit')) {
      it('should refuse a record that is too large, without showing it, and write the others', async () => {
        const topic = await harness().topic()
        const producer = await harness().broker.producer({})
        const refused = failureOf(producer.send([record(topic, 'secret'.repeat(400_000))]))
        await producer.send([record(topic, 'fits')])
        const error = await refused
        await producer.close()
        expect(error.code).to.equal('WRITE')
        expect(error.retriable).to.equal(false)
        expect(error.message).to.include(topic).and.include('2400').and.not.include('secret')
        expect((await harness().readAll(topic)).map(({ value }) => String(value))).to.include('fits')
      })
    }
  })
}

function oddRecords(topic: string): OutRecord[] {
  const bytes = (text: string) => Buffer.from(text)
  const headers: OutRecord['headers'] = [
    ['b', bytes('1')],
    ['a', bytes('2')],
    ['b', bytes('3')],
    ['10', bytes('')],
    ['2', Buffer.from([0, 255])],
    ['constructor', bytes('x')],
    ['__proto__', bytes('y')],
    ['ключ', bytes('значение')],
  ]
  const odd: Partial<OutRecord>[] = [
    { key: null, value: null, timestamp: 0 },
    { key: bytes(''), value: bytes(''), timestamp: 1 },
    { key: Buffer.from([0, 0, 0, 0]), timestamp: 1_700_000_000_123 },
    { key: bytes('k'), value: Buffer.from([0, 255, 128]), timestamp: 1_763_000_000_001, headers },
  ]
  return odd.map((more) => record(topic, 'v', { partition: 0, ...more }))
}

function asWritten({ offset: _, ...written }: RawRecord): OutRecord {
  return written
}
