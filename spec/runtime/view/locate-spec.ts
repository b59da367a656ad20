import { expect } from 'chai'
import { count, json, partitionFor, tableMap, topic, topology, tumbling, window } from '../../../lib/index.ts'
import { findStore } from '../../../lib/runtime/view/find-store.ts'
import { tasksWithKey } from '../../../lib/runtime/view/locate.ts'
import type { SubTopologyInput } from '../../../lib/topology/sub-topologies.ts'
import { shop } from '../../admin/shop.ts'
import { rejectionOf } from '../../contract/failure-of.ts'

describe('the tasks that may have a key', () => {
  const serdes = (input: SubTopologyInput) => {
    const { key, value } = input.kind === 'repartition' ? input : input.topic
    if ('encode' in key && 'encode' in value) return { key, value }
    throw new Error(`${input.name} has a contract`)
  }
  const locating = { application: 'app', partitionsOf: () => 7, serdes }
  const tasks = (store: string, key: string, of = shop) => tasksWithKey(findStore(of, store)!, key, locating)

  it('should be the one of its partition, as those who write the input choose it', async () => {
    const { sub } = findStore(shop, 'largest')!
    for (const key of ['ann', 'bob', 'eve', 'ünï']) {
      expect(await tasks('largest', key)).to.deep.equal([`${sub!.id}_${partitionFor(Buffer.from(key), 7)}`])
    }
  })

  it('should be told by the key as the topic before the store has it', async () => {
    const { sub } = findStore(shop, 'cents')!
    expect(await tasks('cents', '250')).to.deep.equal([`${sub!.id}_${partitionFor(Buffer.from('250'), 7)}`])
  })

  it('should be all for a store of a processor', async () => {
    expect(await tasks('last-orders', 'ann')).to.have.length(7)
  })

  it('should be all where writers choose partitions in another way', async () => {
    const other = topology('other', ({ table }) => {
      table('rows', topic('rows', { value: json<string>(), partitioner: 'consistent_random' }))
    })
    expect(await tasks('rows', 'a', other)).to.have.length(7)
  })

  it('should be all where the store has windows in its keys, and the input has not', async () => {
    const windows = topology('windows', ({ source }) => {
      source('in', topic('in', { key: json<string>(), value: json<string>() })).pipe(
        window('tens', tumbling(10)),
        count('counts'),
        tableMap('doubled', (n: number) => n * 2, { materialize: true }),
      )
    })
    expect(await tasks('doubled', '{"key":"a","start":0,"end":10}', windows)).to.have.length(7)
    expect(await tasks('counts', '"a"', windows)).to.have.length(1)
  })

  it('should refuse what can be no key', async () => {
    expect((await rejectionOf(tasks('cents', 'dear'))).message).to.match(/^the key is none/)
  })
})
