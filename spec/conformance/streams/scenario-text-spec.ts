import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { comparatorOf, TOPOLOGY_IDS } from './comparators.ts'
import { compare } from './compare.ts'
import { readScenarios } from './read-scenarios.ts'
import { scenarioText } from './scenario-text.ts'
import { storeNames } from './store-names.ts'

const { files, unreadable } = await readScenarios(['spec/golden'])

describe("Kafka Streams' scenarios", () => {
  it('should all be there, eight of each topology', () => {
    expect(unreadable).to.deep.equal([])
    const counts = Map.groupBy(files, ({ scenario }) => scenario.topology)
    expect([...counts.keys()].sort()).to.deep.equal(TOPOLOGY_IDS)
    expect([...counts].filter(([, { length }]) => length !== 8)).to.deep.equal([])
  })

  it('should be written as they were read, byte for byte', () => {
    const changed = files.filter(
      ({ path, scenario }) => scenarioText(scenario) !== readFileSync(path, 'utf8'),
    )
    expect(changed.map(({ path }) => path)).to.deep.equal([])
  })

  it('should show the stores that their topology and params name, in that order', () => {
    const wrong = files.filter(
      ({ scenario: { topology, params, stores } }) =>
        storeNames(topology, params).join() !== Object.keys(stores!).join(),
    )
    expect(wrong.map(({ path }) => path)).to.deep.equal([])
  })

  it('should be equal to themselves, and to nothing that lacks an output or a row', () => {
    for (const { path, scenario } of files) {
      const { inputs, outputs = [], stores = {}, topology } = scenario
      const rule = comparatorOf(topology)
      const expected = { inputs, outputs, stores }
      expect(compare(expected, expected, rule), path).to.equal(undefined)
      if (outputs.length > 0) {
        expect(compare(expected, { outputs: outputs.slice(1), stores }, rule), path).to.match(/^input /)
      }
      for (const [name, rows] of Object.entries(stores)) {
        if (rows.length === 0) continue
        const less = { ...stores, [name]: rows.slice(1) }
        expect(compare(expected, { outputs, stores: less }, rule), path).to.match(/^store /)
      }
    }
  })
})

describe('a scenario as text', () => {
  it('should have a line for each record, sorted names in values, and sorted stores', () => {
    const text = scenarioText({
      topology: 'count',
      params: { b: 1, a: 2 },
      inputs: [{ topic: 'in', key: 'a', value: { 10: 1, 9: 2, a: null }, timestamp: 0, headers: undefined }],
      outputs: [],
      stores: {
        s: [
          'b',
          { key: 'a', start: 1, end: 1 },
          { key: 'a', start: 0, end: 2 },
          { key: 'a', start: 0, end: 1 },
        ].map((key) => ({ key, value: 1 })),
      },
    })
    expect(text).to.equal(`{
 "topology": "count",
 "params": {"a":2,"b":1},
 "inputs": [
  {"topic":"in","key":"a","value":{"10":1,"9":2,"a":null},"timestamp":0}
 ],
 "outputs": [],
 "stores": {
  "s": [
   {"key":{"key":"a","start":0,"end":1},"value":1},
   {"key":{"key":"a","start":0,"end":2},"value":1},
   {"key":{"key":"a","start":1,"end":1},"value":1},
   {"key":"b","value":1}
  ]
 }
}
`)
  })
})
