import { expect } from 'chai'
import { cassandra } from '../../connectors/cassandra/index.ts'
import { postgres } from '../../connectors/postgres/index.ts'
import { description, joinGlobal, json, map, sink, topic, topology } from '../../lib/index.ts'
import { shadowApplication, shadowOf, shadowOutputs } from '../../lib/replay/shadow.ts'
import type { Node, Topology } from '../../lib/topology/nodes.ts'
import { checkTopology } from '../../lib/topology/validate.ts'
import userInsights from '../../topologies/user-insights.ts'

const columns = { id: 'text' } as const
const value = json<{ id: string }>()

const said = topology('shop', ({ source, globalTable }) => {
  const countries = globalTable('countries', topic('countries', { value }))
  const orders = source('orders', topic('orders', { value }))
  orders.pipe(
    joinGlobal(
      'joined',
      countries,
      ({ id }) => id,
      (order) => order,
    ),
    sink('priced', topic('orders.priced', { value })),
  )
  source('priced-again', topic('orders.priced', { value })).pipe(
    map('row', (row) => row),
    sink('table', cassandra('orders_by_id', { columns, primaryKey: { partition: ['id'] } })),
  )
  orders.pipe(sink('other-table', postgres('shop.orders', { columns, primaryKey: ['id'] })))
})

describe('shadowOf', () => {
  it('should call otherwise what is written, also where it is read back, and dead letters', () => {
    const shadow = shadowOf(said, 'v2')
    expect(namesOf(shadow)).to.deep.equal({
      countries: 'countries',
      orders: 'orders',
      priced: 'orders.priced.v2',
      'priced-again': 'orders.priced.v2',
      table: 'orders_by_id_v2',
      'other-table': 'shop.orders_v2',
    })
    expect(shadow.deadLetters).to.deep.equal({ topic: 'shop.dlq.v2', partitions: 1 })
    expect(shadow.name).to.equal('shop')
  })

  it('should leave the topology as it is, and be one of its own', () => {
    const before = namesOf(said)
    const shadow = shadowOf(said, 'v2')
    expect(namesOf(said)).to.deep.equal(before)
    expect(shadow.nodes.some((node) => said.nodes.includes(node))).to.equal(false)
    expect(Object.isFrozen(shadow) && shadow.nodes.every(Object.isFrozen)).to.equal(true)
  })

  it('should name its own nodes as parents, globals and windows', () => {
    for (const one of [said, userInsights]) {
      const shadow = shadowOf(one, 'v2')
      const own = new Set<unknown>(shadow.nodes)
      const named = shadow.nodes.flatMap((node) => Object.values(node).flat()).filter(isNode)
      expect(named.length).to.be.greaterThan(0)
      expect(named.filter((node) => !own.has(node))).to.deep.equal([])
      checkTopology(shadow)
    }
  })

  it('should have the steps, stores and internal topics that the topology has', () => {
    const renamed = JSON.parse(
      JSON.stringify(description(userInsights))
        .replaceAll(/(users\.insights|users\.counts|users\.late|user-insights\.dlq)(?=[",])/g, '$1.v2')
        .replaceAll(/(users_by_id|users_by_country|user_counts_by_country)(?=[",])/g, '$1_v2'),
    )
    expect(description(shadowOf(userInsights, 'v2'))).to.deep.equal(renamed)
  })

  it('should refuse names that could not be told from others, or are too long', () => {
    for (const name of ['', 'V2', '2v', 'v-2', 'v.2', 'v2/', 'x'.repeat(33)]) {
      expect(() => shadowOf(said, name), name).to.throw(/can't name a shadow/)
      expect(() => shadowApplication('shop', name), name).to.throw(/can't name a shadow/)
    }
    const long = topology('long', ({ source }) => {
      const target = cassandra('t'.repeat(45), { columns, primaryKey: { partition: ['id'] } })
      source('in', topic('in', { value })).pipe(sink('out', target))
    })
    expect(() => shadowOf(long, 'v2')).not.to.throw()
    expect(() => shadowOf(long, 'v234')).to.throw(/longer than 48 characters: choose a shorter name/)
  })

  it('should refuse a topology that has no input of others', () => {
    const circle = topology('circle', ({ source }) => {
      source('in', topic('round', { value })).pipe(sink('out', topic('round', { value })))
    })
    expect(() => shadowOf(circle, 'v2')).to.throw(/reads only what it writes itself/)
  })

  it('should say all that it writes', () => {
    const { topics, tables } = shadowOutputs(said, 'v2')
    expect(topics).to.deep.equal(['orders.priced.v2', 'shop.dlq.v2'])
    expect(tables.map(({ connector, name }) => `${connector} ${name}`)).to.deep.equal([
      'cassandra orders_by_id_v2',
      'postgres shop.orders_v2',
    ])
    expect(shadowApplication('shop', 'v2')).to.equal('shop.v2')
  })
})

function namesOf({ nodes }: Topology): Record<string, string> {
  const named = nodes.flatMap((node): [string, string][] => {
    if ('topic' in node) return [[node.name, node.topic.name]]
    if (node.kind !== 'sink') return []
    return [[node.name, node.target.name]]
  })
  return Object.fromEntries(named)
}

function isNode(field: unknown): field is Node {
  return (
    typeof field === 'object' && field !== null && 'kind' in field && 'name' in field && 'parents' in field
  )
}
