import { expect } from 'chai'
import { openEmbeddedBroker } from '../../../../connectors/embedded/index.ts'
import { contentRanges, partitionKey } from '../../../../connectors/embedded/log/keys.ts'
import { openStore } from '../../../../connectors/embedded/log/store.ts'
import { BrokerHarness, numbered } from '../../../conformance/broker-harness.ts'
import { logFolder } from '../log-folder.ts'

describe('deletion in the embedded log', () => {
  const dir = logFolder()

  it('should give the id of a deleted topic to no other, and hold nothing of it', async () => {
    const broker = await openEmbeddedBroker({ dir })
    const harness = new BrokerHarness(broker)
    const deleted = await harness.topic()
    await harness.produce(numbered(deleted, 10))
    await broker.upkeep.deleteTopic(deleted)
    await broker.close()
    const again = await openEmbeddedBroker({ dir })
    await again.admin.createTopic({ topic: 'other', partitions: 1 })
    expect(await again.admin.offsets('other')).to.deep.equal([{ partition: 0, earliest: 0, end: 0 }])
    await again.close()
    const store = (await openStore(dir))!
    for (const range of contentRanges({ topicId: 1, partition: 0 }))
      expect(await store.keys(range).all()).to.deep.equal([])
    await store.close()
  })

  it('should remove what a kill in the middle has left when it is opened again', async () => {
    const left = { topicId: 77, partition: 0 }
    const [chunks] = contentRanges(left)
    const store = (await openStore(dir))!
    await store.put(chunks!.gte, Buffer.from('a chunk'))
    await store.put(partitionKey(left), Buffer.alloc(56))
    await store.close()
    await (await openEmbeddedBroker({ dir })).close()
    const after = (await openStore(dir))!
    expect(await after.keys(chunks!).all()).to.deep.equal([])
    expect(await after.get(partitionKey(left))).to.equal(undefined)
    await after.close()
  })

  it('should hold what is before a deleted record no more when it is opened again', async () => {
    const broker = await openEmbeddedBroker({ dir })
    const harness = new BrokerHarness(broker)
    const topic = await harness.topic()
    await harness.produce(numbered(topic, 10))
    await broker.upkeep.deleteRecords([{ topic, partition: 0, offset: 4 }])
    await broker.close()
    const again = await openEmbeddedBroker({ dir })
    const offsets = (await new BrokerHarness(again).readAll(topic)).map(({ offset }) => offset)
    expect(offsets).to.deep.equal([4, 5, 6, 7, 8, 9])
    await again.close()
  })
})
