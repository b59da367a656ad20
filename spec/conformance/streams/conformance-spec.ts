import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { MillraceError } from '../../../lib/errors.ts'
import type { AcceptedQuirk } from './accepted-quirks.ts'
import { conformance } from './conformance.ts'
import type { Engine } from './engine.ts'
import { readScenarios } from './read-scenarios.ts'
import type { Answer, Scenario } from './scenario.ts'
import { temporaryFiles } from './temporary-files.ts'

/** A scenario of one input, whose right answer is the input's value. */
function scenario(topology: string, value: number, rest: Partial<Scenario> = {}): Scenario {
  return {
    topology,
    case: 'random',
    params: {},
    seed: 7,
    oracle: 'kafka-streams 4.3.1',
    inputs: [{ topic: 'in', key: 'a', value, timestamp: 0 }],
    outputs: [{ after: 0, topic: 'out', key: 'a', value, timestamp: 0 }],
    stores: {},
    ...rest,
  }
}

const { outputs: _, stores: __, ...question } = scenario('count', 1)

/** Right for every value but 13, and no answer at all for 99. It has the topologies count, filter and reduce. */
const engine: Engine = {
  knows: (topology) => ['count', 'filter', 'reduce'].includes(topology),
  runsOn: (_broker, topology) => topology === 'filter',
  requireBroker: () => {},
  answer: async ({ inputs }): Promise<Answer> => {
    const input = inputs[0]!
    if (!('topic' in input)) throw new Error('no record')
    if (input.value === 99) throw new Error('the engine broke')
    const value = input.value === 13 ? 12 : input.value
    return { outputs: [{ after: 0, topic: 'out', key: input.key, value, timestamp: 0 }], stores: {} }
  },
}

const quirk: AcceptedQuirk = { topology: 'count', case: 'quirk/random', reason: 'because', decision: '0099' }

interface Ran {
  readonly code: number
  readonly out: readonly string[]
  readonly error: string
}

async function run(
  directory: { readonly path: string },
  args: readonly string[] = [],
  accepted: readonly AcceptedQuirk[] = [],
  by: Engine = engine,
): Promise<Ran> {
  const out: string[] = []
  const error: string[] = []
  const code = await conformance([directory.path, ...args], by, accepted, {
    out: (text) => out.push(...text.replaceAll(directory.path, 'DIR').split('\n')),
    error: (text) => error.push(text),
  })
  return { code, out, error: error.join('\n') }
}

describe('the conformance command', () => {
  it('should count by topology, end in the sum, and exit with 0 when all is equal', async () => {
    await using directory = await temporaryFiles({
      'reduce/00-random.json': scenario('reduce', 1),
      'count/00-random.json': scenario('count', 1),
      'count/01-random.json': scenario('count', 2),
      'comparators.json': {},
    })
    expect(await run(directory)).to.deep.equal({
      code: 0,
      out: ['3 files read below DIR', 'count 2/2', 'reduce 1/1', '3 passed, 0 failed'],
      error: '',
    })
  })

  it('should show the first difference of each file that failed, and exit with 1', async () => {
    await using directory = await temporaryFiles({
      'count/00-random.json': scenario('count', 13),
      'count/01-random.json': scenario('count', 1),
      'count/02-random.json': scenario('count', 99),
    })
    const { code, out } = await run(directory)
    expect(code).to.equal(1)
    expect(out.slice(1)).to.deep.equal([
      'count 1/3',
      '  DIR/count/00-random.json',
      '    input 0 {"topic":"in","key":"a","value":13,"timestamp":0}, to out: record 1: ' +
        'expected {"key":"a","value":13,"timestamp":0}, came {"key":"a","value":12,"timestamp":0}',
      '  DIR/count/02-random.json',
      '    no answer: the engine broke',
      '1 passed, 2 failed',
    ])
  })

  it('should exit with 1 when there is no file, and say so', async () => {
    await using directory = await temporaryFiles({ 'comparators.json': {} })
    const { code, out, error } = await run(directory)
    expect([code, out.at(-1)]).to.deep.equal([1, '0 passed, 0 failed'])
    expect(error).to.include(`no scenario file below ${directory.path}`)
  })

  it('should count a file that it cannot read as failed, and name it', async () => {
    await using directory = await temporaryFiles({
      'count/00-random.json': scenario('count', 1),
      'count/01-random.json': '{',
    })
    const { code, out } = await run(directory)
    expect([code, out.at(-1)]).to.deep.equal([1, '1 passed, 1 failed'])
    expect(out).to.include('unreadable:')
    expect(out.find((line) => line.startsWith('  DIR/count/01-random.json: '))).to.match(/JSON/)
  })

  it('should exit with 2 on an unknown topology id, and compare the others', async () => {
    await using directory = await temporaryFiles({
      'count/00-random.json': scenario('count', 13),
      'conut/00-random.json': scenario('conut', 1),
      'branch/00-random.json': scenario('branch', 1),
      'branch/01-random.json': scenario('branch', 1),
    })
    const { code, out } = await run(directory)
    expect([code, out.at(-1)]).to.deep.equal([2, '0 passed, 1 failed'])
    expect(out.slice(out.indexOf('unknown topology ids, not run:'))).to.deep.equal([
      'unknown topology ids, not run:',
      '  branch: 2 files',
      '  conut: 1 file',
      '0 passed, 1 failed',
    ])
  })

  it('should run one topology alone with --only', async () => {
    await using directory = await temporaryFiles({
      'count/00-random.json': scenario('count', 13),
      'reduce/00-random.json': scenario('reduce', 1),
      'filter/00-random.json': scenario('filter', 1),
    })
    const { code, out } = await run(directory, ['--only', 'reduce'])
    expect([code, out]).to.deep.equal([0, ['1 file read below DIR', 'reduce 1/1', '1 passed, 0 failed']])
    const both = await run(directory, ['--only', 'reduce', '--only', 'filter'])
    expect(both.out.at(-1)).to.equal('2 passed, 0 failed')
    const none = await run(directory, ['--only', 'conut'])
    expect([none.code, none.error]).to.deep.equal([2, 'conformance: --only: no topology has the id conut'])
  })

  it('should refuse a file without answers that it is not to write', async () => {
    for (const key of ['outputs', 'stores'] as const) {
      await using directory = await temporaryFiles({
        'count/00-random.json': { ...scenario('count', 1), [key]: undefined },
      })
      const { code, out } = await run(directory)
      expect([code, out[3], out.at(-1)]).to.deep.equal([
        1,
        '    no outputs or no stores to compare with (--write answers it)',
        '0 passed, 1 failed',
      ])
    }
  })

  it('should give each scenario on disk an empty folder of its own, and none in memory', async () => {
    await using directory = await temporaryFiles({
      'count/00-random.json': scenario('count', 1),
      'count/01-random.json': scenario('count', 99),
    })
    const asked: { store: string; directory: string | undefined; holds: string[] }[] = []
    const watching: Engine = {
      ...engine,
      answer: async (one, options) => {
        const holds = options.directory === undefined ? [] : await readdir(options.directory)
        asked.push({ store: options.store, directory: options.directory, holds })
        return engine.answer(one, options)
      },
    }
    await run(directory, ['--store', 'disk'], [], watching)
    expect(asked.map(({ store, holds }) => ({ store, holds }))).to.deep.equal(
      Array(2).fill({ store: 'disk', holds: [] }),
    )
    expect(new Set(asked.map((one) => one.directory)).size).to.equal(2)
    for (const one of asked) {
      const gone = await readdir(one.directory!).catch((error: NodeJS.ErrnoException) => error.code)
      expect(gone).to.equal('ENOENT')
    }
    await run(directory, [], [], watching)
    expect(asked.slice(2).map((one) => [one.store, one.directory])).to.deep.equal(
      Array(2).fill(['memory', undefined]),
    )
  })

  describe('with quirks', () => {
    it('should count a quirk that differs unlisted as failed', async () => {
      await using directory = await temporaryFiles({
        'count/00-q.json': scenario('count', 13, { case: 'quirk/random' }),
      })
      expect((await run(directory)).code).to.equal(1)
      expect((await run(directory, [], [{ ...quirk, case: 'quirk/other' }])).code).to.equal(1)
      expect((await run(directory, [], [{ ...quirk, topology: 'reduce' }])).code).to.equal(1)
    })

    it('should tell a listed one that differs apart, neither passed nor failed', async () => {
      await using directory = await temporaryFiles({
        'count/00-q.json': scenario('count', 13, { case: 'quirk/random' }),
        'count/01-random.json': scenario('count', 1),
      })
      const { code, out } = await run(directory, [], [quirk])
      expect(code).to.equal(0)
      expect([out[1], out[2], out[3], out.at(-1)]).to.deep.equal([
        'count 1/2',
        'quirks that differ, as DECISIONS.md says:',
        '  DIR/count/00-q.json (0099: because)',
        '1 passed, 0 failed',
      ])
      expect(out[4]).to.match(/^ +input 0 .*expected .*came /)
    })

    it('should report a listed one that is equal after all', async () => {
      await using directory = await temporaryFiles({
        'count/00-q.json': scenario('count', 1, { case: 'quirk/random' }),
      })
      const { code, out } = await run(directory, [], [quirk])
      expect([code, ...out.slice(1)]).to.deep.equal([
        0,
        'count 1/1',
        'listed as quirks that differ, but equal (take them off accepted-quirks.ts):',
        '  DIR/count/00-q.json (0099: because)',
        '1 passed, 0 failed',
      ])
    })

    it('should let no other case differ, whatever is listed', async () => {
      await using directory = await temporaryFiles({ 'count/00-r.json': scenario('count', 13) })
      const { code } = await run(directory, [], [{ ...quirk, case: 'random' }])
      expect(code).to.equal(1)
    })

    it('should not let a quirk without an answer pass', async () => {
      await using directory = await temporaryFiles({
        'count/00-q.json': scenario('count', 99, { case: 'quirk/random' }),
      })
      expect((await run(directory, [], [quirk])).code).to.equal(1)
    })
  })

  describe('with --write', () => {
    it("should write its own answers beside the questions' names, and compare where it can", async () => {
      await using directory = await temporaryFiles({
        'count/00-random.json': question,
        'count/01-random.json': scenario('count', 13),
        'filter/00-random.json': scenario('filter', 2),
      })
      await using written = await temporaryFiles({})
      const { code, out } = await run(directory, ['--write', written.path])
      expect(code).to.equal(1)
      expect(out.filter((line) => /^count|^filter/.test(line))).to.deep.equal(['count 0/1', 'filter 1/1'])
      expect(out).to.include(
        `3 answers written below ${written.path}, 1 of them to questions without an answer to compare with`,
      )
      expect(out.at(-1)).to.equal('1 passed, 1 failed')
      const { files } = await readScenarios([written.path])
      expect(files.map(({ place }) => place)).to.deep.equal([
        'count/00-random.json',
        'count/01-random.json',
        'filter/00-random.json',
      ])
      const { oracle, ...answered } = files[0]!.scenario
      expect(oracle).to.match(/^millrace \d+\.\d+\.\d+/)
      const { oracle: ___, ...whole } = scenario('count', 1)
      expect(answered).to.deep.equal(whole)
      expect(files[1]!.scenario.outputs![0]!.value).to.equal(12)
    })

    it('should write nothing for what it did not answer, which failed', async () => {
      const unanswered = { ...question, inputs: scenario('count', 99).inputs }
      await using directory = await temporaryFiles({ 'count/00-random.json': unanswered })
      await using written = await temporaryFiles({})
      const { code, out } = await run(directory, ['--write', written.path])
      expect([code, out.at(-1)]).to.deep.equal([1, '0 passed, 1 failed'])
      expect(await readdir(written.path)).to.deep.equal([])
    })

    it('should exit with 0 when there were questions only', async () => {
      await using directory = await temporaryFiles({ 'count/00-random.json': question })
      await using written = await temporaryFiles({})
      const { code, out } = await run(directory, ['--write', written.path])
      expect([code, out.at(-1)]).to.deep.equal([0, '0 passed, 0 failed'])
      expect(out.some((line) => line.startsWith('count '))).to.equal(false)
    })

    it('should refuse, before it writes, to write over what it reads or one answer over another', async () => {
      await using directory = await temporaryFiles({
        'seed-1/count/00-random.json': scenario('count', 1),
        'seed-2/count/00-random.json': scenario('count', 2),
      })
      const before = await readFile(join(directory.path, 'seed-1/count/00-random.json'), 'utf8')
      const over = await run(directory, ['--write', directory.path])
      expect(over.code).to.equal(2)
      expect(over.error).to.include('is one of the scenario files read')
      expect(await readFile(join(directory.path, 'seed-1/count/00-random.json'), 'utf8')).to.equal(before)
      await using written = await temporaryFiles({})
      const [first, second] = ['seed-1', 'seed-2'].map((name) => join(directory.path, name))
      const twice = await run({ path: first! }, [second!, '--write', written.path])
      expect(twice.code).to.equal(2)
      expect(twice.error).to.include('would both be written to')
      expect(await readdir(written.path)).to.deep.equal([])
    })
  })

  it('should run on a broker what runs there, and tell the rest apart', async () => {
    await using directory = await temporaryFiles({
      'count/00-random.json': scenario('count', 13),
      'filter/00-random.json': scenario('filter', 1),
    })
    const asked: (string | undefined)[] = []
    const watching: Engine = {
      ...engine,
      answer: (one, options) => {
        asked.push(options.broker)
        return engine.answer(one, options)
      },
    }
    const { code, out } = await run(directory, ['--broker', 'kafka'], [], watching)
    expect(asked).to.deep.equal(['kafka'])
    expect([code, ...out.slice(1)]).to.deep.equal([
      0,
      'filter 1/1',
      'not run on a broker yet:',
      '  count: 1 file',
      '1 passed, 0 failed',
    ])
    expect((await run(directory, ['--broker', 'kafka', '--only', 'count'])).code).to.equal(1)
  })

  it('should exit with 2 when nobody has said where the broker is', async () => {
    await using directory = await temporaryFiles({ 'filter/00-random.json': scenario('filter', 1) })
    const requireBroker = () => {
      throw new MillraceError('CONFIG', 'set KAFKA_BROKERS')
    }
    const lost = await run(directory, ['--broker', 'kafka'], [], { ...engine, requireBroker })
    expect(lost).to.deep.equal({ code: 2, out: [], error: 'conformance: set KAFKA_BROKERS' })
    expect((await run(directory, [], [], { ...engine, requireBroker })).code).to.equal(0)
  })
})
