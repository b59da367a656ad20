import { expect } from 'chai'
import { join, json, leftJoinTable, sink, topic, topology, within } from '../../../lib/index.ts'
import { findStore, inputsBefore, storesIn } from '../../../lib/runtime/view/find-store.ts'
import { shop } from '../../admin/shop.ts'

describe('the stores of a topology', () => {
  const joined = topology('joined', ({ source, table }) => {
    const users = table('users', topic('users', { value: json<string>() }))
    const left = source('left', topic('left', { value: json<string>() }))
    const right = source('right', topic('right', { value: json<string>() }))
    const out = topic('out', { value: json<string>() })
    left.pipe(
      join('both', right, within('1m'), (one, other) => one + other),
      leftJoinTable('named', users, (one, name) => one + name),
      sink('out', out),
    )
  })

  it('should be listed once, with those that only their step understands marked', () => {
    const stores = storesIn(joined).map(({ name, queryable }) => [name, queryable])
    expect(stores).to.have.deep.members([
      ['users', true],
      ['both-left', false],
      ['both-right', false],
    ])
  })

  it('should be found with the inputs that their keys come from', () => {
    const inputsOf = (store: string) => inputsBefore(findStore(shop, store)!).map(({ name }) => name)
    expect(inputsOf('prices')).to.deep.equal(['prices'])
    expect(inputsOf('largest')).to.deep.equal(['orders'])
    expect(inputsOf('orders-per-country')).to.deep.equal(['orders-per-country-repartition'])
    expect(findStore(shop, 'nothing')).to.equal(undefined)
    expect(findStore(shop, 'names')?.sub).to.equal(undefined)
  })
})
