import { expect } from 'chai'
import { PgOutputDecoder } from '../../../../connectors/postgres/capture/pgoutput.ts'
import { MillraceError } from '../../../../lib/errors.ts'
import { FULL, MIXED, TOASTED_UPDATE } from './pgoutput-fixtures.ts'

describe('pgoutput', () => {
  const relation = { schema: 'public', table: 't', columns: ['id', 'name', 'big'], key: ['id'] }

  function described(): PgOutputDecoder {
    const decoder = new PgOutputDecoder()
    decoder.decode(MIXED.relation)
    return decoder
  }

  /** Rows have no prototype; chai compares prototypes too. */
  const row = (columns: Record<string, string | null>) => Object.assign(Object.create(null), columns)

  it('should decode the begin of a transaction', () => {
    expect(new PgOutputDecoder().decode(MIXED.begin)).to.deep.equal({
      kind: 'begin',
      commitLsn: 0x2645270n,
      committedAt: Date.parse('2026-11-22T19:00:05.365Z'),
      xid: 862,
    })
  })

  it('should give the end of the commit record, not its start', () => {
    expect(new PgOutputDecoder().decode(MIXED.commit)).to.deep.equal({ kind: 'commit', endLsn: 0x26453e0n })
  })

  it('should decode an insert by the column names of its relation, text as UTF-8, null as null', () => {
    expect(described().decode(MIXED.insert)).to.deep.equal({
      kind: 'insert',
      relation,
      row: row({ id: '1', name: 'Zoë', big: null }),
    })
  })

  it('should decode an update that sets null', () => {
    expect(described().decode(MIXED.updateToNull)).to.deep.equal({
      kind: 'update',
      relation,
      row: row({ id: '1', name: null, big: null }),
      unchanged: [],
    })
  })

  it('should give the new row of an update that changes the key', () => {
    expect(described().decode(MIXED.updateOfKey)).to.deep.include({
      kind: 'update',
      row: row({ id: '2', name: null, big: null }),
    })
  })

  it('should leave out an unchanged large column, and name it', () => {
    const message = described().decode(TOASTED_UPDATE)
    expect(message).to.deep.include({
      kind: 'update',
      row: row({ id: '3', name: 'z' }),
      unchanged: ['big'],
    })
  })

  it('should take an unchanged large column from the old row where the server sends it', () => {
    const decoder = new PgOutputDecoder()
    decoder.decode(FULL.relation)
    expect(decoder.decode(FULL.update)).to.deep.include({
      kind: 'update',
      row: row({ id: '3', name: 'w', big: 'y'.repeat(3000) }),
      unchanged: [],
    })
  })

  it('should tell deletes and truncates', () => {
    const decoder = described()
    expect(decoder.decode(MIXED.delete)).to.deep.equal({ kind: 'delete', relation })
    expect(decoder.decode(MIXED.truncate)).to.deep.equal({ kind: 'truncate', relations: [relation] })
  })

  it('should use the latest description of a relation', () => {
    const decoder = described()
    const renamed = Buffer.from(MIXED.relation.toString('latin1').replace('name', 'nome'), 'latin1')
    decoder.decode(renamed)
    expect(decoder.decode(MIXED.insert)).to.deep.include({ row: row({ id: '1', nome: 'Zoë', big: null }) })
  })

  it('should keep a column named __proto__', () => {
    const decoder = new PgOutputDecoder()
    const odd = MIXED.relation.toString('latin1').replace('name\0', '__proto__\0')
    decoder.decode(Buffer.from(odd, 'latin1'))
    const message = decoder.decode(MIXED.insert)
    expect(message.kind === 'insert' && Object.keys(message.row)).to.deep.equal(['id', '__proto__', 'big'])
  })

  it('should keep nothing of the buffer it read from', () => {
    const decoder = described()
    const buffer = Buffer.from(MIXED.insert)
    const message = decoder.decode(buffer)
    buffer.fill(0)
    expect(message).to.deep.include({ row: row({ id: '1', name: 'Zoë', big: null }) })
  })

  it('should refuse a message it does not know', () => {
    expect(() => new PgOutputDecoder().decode(Buffer.from('S'))).to.throw(MillraceError, /unknown.*"S"/)
  })

  it('should refuse a row of a relation that was not described', () => {
    expect(() => new PgOutputDecoder().decode(MIXED.insert)).to.throw(MillraceError, /not describe relation/)
  })

  it('should refuse a message that ends early, at every length', () => {
    for (let length = 1; length < MIXED.insert.length; length++) {
      const cut = MIXED.insert.subarray(0, length)
      expect(() => described().decode(cut), `${length} bytes`).to.throw(RangeError)
    }
  })
})
