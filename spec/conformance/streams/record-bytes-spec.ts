import { expect } from 'chai'
import { json, stringKey } from '../../../lib/contract/serde.ts'
import { decodedOutput, inputBytes } from './record-bytes.ts'
import type { InputRecord } from './scenario.ts'

const came = (after: number, input: InputRecord) =>
  decodedOutput(after, inputBytes(input), stringKey, json<unknown>())

const record: InputRecord = {
  topic: 'in',
  key: 'é',
  value: { b: 1, a: [null, 'x'] },
  timestamp: 7,
  headers: { h: ['1', '2'], i: '' },
}

describe("a scenario's record in bytes", () => {
  it('should be text and canonical JSON', () => {
    const { key, value, headers } = inputBytes(record)
    expect([String(key), String(value)]).to.deep.equal(['é', '{"a":[null,"x"],"b":1}'])
    expect(headers.map(([name, bytes]) => `${name}=${bytes}`)).to.deep.equal(['h=1', 'h=2', 'i='])
  })

  it('should come back as it was', () => {
    expect(came(3, record)).to.deep.equal({ after: 3, ...record })
    const { headers: _, ...bare } = { ...record, key: null, value: null }
    expect(inputBytes(bare)).to.include({ key: null, value: null })
    expect(came(0, bare)).to.deep.equal({ after: 0, ...bare })
    expect(came(0, { ...bare, key: '', value: '' })).to.include({ key: '', value: '' })
  })
})
