import { expect } from 'chai'
import { postgres } from '../../../connectors/postgres/index.ts'
import type { StoredRow } from '../../../lib/ports.ts'
import { tableSide } from '../../../lib/replay/diff/table-side.ts'
import type { TableTarget } from '../../../lib/table/table.ts'

const target = postgres('cells', {
  columns: { id: 'text', part: 'text', size: 'double', on: 'boolean', at: 'timestamp' },
  primaryKey: ['id', 'part'],
}) as TableTarget

describe('one side of a table', () => {
  it('should give back every cell as it was read', async () => {
    const sizes = [0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null, 5e-324]
    const rows = sizes.map((size, n): StoredRow => {
      return { value: { id: `Zoë "${n}" \u0000🌍\ud800`, part: 'a/b', size, on: n > 2, at: null }, clock: n }
    })
    const side = tableSide(
      {
        async *readTable() {
          yield* rows
        },
      },
      target,
      false,
    )
    const found = []
    for await (const entry of side.entries()) found.push(side.rowOf(entry))
    expect(found).to.deep.equal(rows)
  })

  it('should have keys that differ where rows do', async () => {
    const keys = [
      ['a', 'b/c'],
      ['a/b', 'c'],
      ['a%2Fb', 'c'],
    ]
    const side = tableSide(
      {
        async *readTable() {
          for (const [id, part] of keys) yield { value: { id, part }, clock: 1 }
        },
      },
      target,
      false,
    )
    const found = new Set<string>()
    for await (const { key } of side.entries()) found.add(key)
    expect([...found]).to.deep.equal(['a/b%2Fc', 'a%2Fb/c', 'a%252Fb/c'])
  })
})
