import { expect } from 'chai'
import { cassandra } from '../../connectors/cassandra/index.ts'
import type { TableTarget } from '../../lib/table/table.ts'
import { keyValues, rowKey } from '../../lib/verify/columns.ts'

const target = cassandra('counts', {
  columns: { country: 'text', day: 'date', start: 'timestamp', sure: 'boolean', users: 'int' },
  primaryKey: { partition: ['country', 'day'], clustering: ['start', 'sure'] },
}) as TableTarget

describe("a row's key as text", () => {
  it('should become its values again', () => {
    const text = rowKey(target, { country: 'NO', day: 20_000, start: 1, sure: false, users: 3 })
    expect(text).to.equal('NO/20000/1/false')
    expect(keyValues(target, text)).to.deep.equal(['NO', 20_000, 1, false])
  })

  it('should not where a part holds a slash, unless it is the only one', () => {
    expect(keyValues(target, rowKey(target, { country: 'N/O', day: 1, start: 1, sure: true }))).to.equal(
      undefined,
    )
    const single = cassandra('notes', {
      columns: { id: 'text', note: 'text' },
      primaryKey: { partition: ['id'] },
    }) as TableTarget
    expect(keyValues(single, 'a/b')).to.deep.equal(['a/b'])
  })
})
