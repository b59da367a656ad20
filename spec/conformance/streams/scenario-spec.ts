import { expect } from 'chai'
import { looksLikeScenario, scenarioOf } from './scenario.ts'

const record = { topic: 'in', key: 'a', value: 1, timestamp: 5 }
const output = { after: 0, topic: 'out', key: 'a', value: 1, timestamp: 5 }
const question = { topology: 'map-values', params: {}, inputs: [record] }

describe('a scenario', () => {
  it('should keep everything that it says', () => {
    const whole = {
      ...question,
      case: 'edge/nulls',
      params: { sizeMs: 10, historyMs: null },
      seed: 7,
      oracle: 'kafka-streams 4.3.1',
      inputs: [
        { topic: 'in', key: null, value: null, timestamp: 0, headers: { h: '1' } },
        { advanceWallClockMs: 0 },
      ],
      outputs: [
        { ...output, after: 1, key: { key: 'a', start: 0, end: 10 }, headers: { h: ['1', '2'], n: '' } },
      ],
      stores: { windows: [{ key: { key: 'a', start: 0, end: 10 }, value: [], timestamp: 5 }], empty: [] },
    }
    expect(scenarioOf(whole)).to.deep.equal(whole)
  })

  it('should need no outputs, stores, case or seed', () => {
    expect(scenarioOf(question)).to.deep.equal(question)
  })

  const faults: readonly (readonly [string, object, RegExp])[] = [
    ['without a topology', { params: {}, inputs: [] }, /^topology: /],
    ['without params', { topology: 'x', inputs: [] }, /^params: /],
    ['without inputs', { topology: 'x', params: {} }, /^inputs: /],
    [
      'with a time that is none',
      { ...question, inputs: [record, { ...record, timestamp: 'now' }] },
      /^inputs\.1\.timestamp: /,
    ],
    [
      'with an input without a value',
      { ...question, inputs: [{ topic: 'in', key: 'a', timestamp: 5 }] },
      /^inputs\.0\.value: /,
    ],
    [
      'with an unknown name in an input',
      { ...question, inputs: [{ ...record, header: {} }] },
      /^inputs\.0: .*header/,
    ],
    [
      'with an output of half a window',
      { ...question, outputs: [{ ...output, key: { key: 'a', start: 0 } }] },
      /^outputs\.0\.key\.end: /,
    ],
    [
      'with an output after no input',
      { ...question, outputs: [{ ...output, after: 1 }] },
      /^outputs: an output comes after/,
    ],
    [
      'with a store row without a key',
      { ...question, stores: { counts: [{ value: 1 }] } },
      /^stores\.counts\.0\.key: /,
    ],
  ]
  for (const [what, value, fault] of faults) {
    it(`should say what is wrong with one ${what}`, () => {
      expect(() => scenarioOf(value)).to.throw(fault)
    })
  }

  it('should be told from other JSON', () => {
    expect([{ exact: [] }, [], null, 'topology', 1].map(looksLikeScenario)).to.not.include(true)
    expect([{ topology: 'x' }, { inputs: [] }].map(looksLikeScenario)).to.deep.equal([true, true])
  })
})
