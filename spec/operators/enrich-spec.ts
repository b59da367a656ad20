import { expect } from 'chai'
import {
  enrich,
  json,
  keyBy,
  type LookupTarget,
  lookup,
  MillraceError,
  sink,
  topic,
  topology,
} from '../../lib/index.ts'
import type { Lookup } from '../../lib/ports.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { jsonTopology, Keyed, output, process } from '../support/pipeline.ts'

const keyed = (value: unknown, key: string) => new Keyed(value, { key: Buffer.from(key) })

/** Calls that finish only when told, and a record of how many ran at once. */
function gate() {
  const begun: unknown[] = []
  const finish = new Map<unknown, () => void>()
  let running = 0
  let most = 0
  const call = async (value: unknown) => {
    begun.push(value)
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => finish.set(value, resolve))
    running--
    return value
  }
  const end = async (value: unknown) => {
    while (!finish.has(value)) await new Promise(setImmediate)
    finish.get(value)?.()
  }
  return { begun, call, end, most: () => most }
}

describe('enrich with a call', () => {
  it('should hand results on in input order, whichever ends first', async () => {
    const { call, end } = gate()
    const said = jsonTopology<string>((input) => input.pipe(enrich('ask', call), sink('out', output)))
    const done = process(said, [[keyed('a', '1'), keyed('b', '2')]])
    await end('b')
    await end('a')
    expect((await done).out).to.deep.equal(['a', 'b'])
  })

  it('should let the calls of one key follow one another', async () => {
    const { begun, call, end } = gate()
    const said = jsonTopology<string>((input) => input.pipe(enrich('ask', call), sink('out', output)))
    const done = process(said, [[keyed('a1', 'a'), keyed('a2', 'a'), keyed('b1', 'b')]])
    await end('b1')
    expect(begun).to.deep.equal(['a1', 'b1'])
    await end('a1')
    await end('a2')
    expect((await done).out).to.deep.equal(['a1', 'a2', 'b1'])
  })

  it('should let them follow one another by the key that a step before has given', async () => {
    const { begun, call, end } = gate()
    const said = jsonTopology<string>((input) =>
      input.pipe(
        keyBy('initial', (value) => value.charAt(0)),
        enrich('ask', call),
        sink('out', output),
      ),
    )
    const done = process(said, [[keyed('a1', '1'), keyed('a2', '2'), keyed('b1', '3')]])
    await end('b1')
    expect(begun).to.deep.equal(['a1', 'b1'])
    await end('a1')
    await end('a2')
    expect((await done).out).to.deep.equal(['a1', 'a2', 'b1'])
  })

  it('should keep to its concurrency', async () => {
    const { call, end, most } = gate()
    const said = jsonTopology<number>((input) =>
      input.pipe(enrich('ask', call, { order: 'none', concurrency: 2 }), sink('out', output)),
    )
    const done = process(said, [[1, 2, 3, 4]])
    for (const n of [1, 2, 3, 4]) await end(n)
    await done
    expect(most()).to.equal(2)
  })

  it('should hand results on as they come where no order is asked for', async () => {
    const { call, end } = gate()
    const said = jsonTopology<string>((input) =>
      input.pipe(enrich('ask', call, { order: 'none' }), sink('out', output)),
    )
    const done = process(said, [[keyed('a', '1'), keyed('b', '1')]])
    await end('b')
    await end('a')
    expect((await done).out).to.deep.equal(['b', 'a'])
  })

  it('should call again as often as said, then send the record to the dead letters', async () => {
    let calls = 0
    const said = jsonTopology<string>((input) =>
      input.pipe(
        enrich('ask', async () => Promise.reject(new Error(`failure ${++calls}`)), { retry: 2 }),
        sink('out', output),
      ),
    )
    const { letters } = await process(said, [['a']])
    expect(letters).to.deep.equal(['ask: Error: failure 3'])
  })

  it('should give up a call that does not answer in time', async () => {
    const said = jsonTopology<string>((input) =>
      input.pipe(
        enrich('ask', () => new Promise(() => {}), { retry: 0, timeout: 5 }),
        sink('out', output),
      ),
    )
    expect((await process(said, [['a']])).letters).to.deep.equal(['ask: no answer within 5 ms'])
  })

  it('should wait for an unreachable server beyond its retries', async () => {
    let calls = 0
    const away = async (value: string) => {
      if (++calls < 4) throw new MillraceError('UNREACHABLE', 'away')
      return value
    }
    const said = jsonTopology<string>((input) =>
      input.pipe(enrich('ask', away, { retry: 0 }), sink('out', output)),
    )
    expect((await process(said, [['a']])).out).to.deep.equal(['a'])
  })

  it('should stop waiting when aborted', async () => {
    const abort = new AbortController()
    const said = jsonTopology<string>((input) =>
      input.pipe(
        enrich('ask', async () => {
          abort.abort(new Error('over'))
          throw new MillraceError('UNREACHABLE', 'away')
        }),
        sink('out', output),
      ),
    )
    const error = await process(said, [['a']], { signal: abort.signal }).catch((caught: unknown) => caught)
    expect(error).to.have.property('message', 'over')
  })

  it('should not wait, when aborted, for a call that takes no notice', async () => {
    const abort = new AbortController()
    const said = jsonTopology<string>((input) =>
      input.pipe(
        enrich(
          'ask',
          () => {
            setImmediate(() => abort.abort(new Error('over')))
            return new Promise(() => {})
          },
          { timeout: '1h' },
        ),
        sink('out', output),
      ),
    )
    const error = await process(said, [['a']], { signal: abort.signal }).catch((caught: unknown) => caught)
    expect(error).to.have.property('message', 'over')
  })
})

describe('enrich with a look-up', () => {
  const target: LookupTarget<{ name: string }> = { connector: 'spec', name: 'countries' }
  const said = jsonTopology<string>((input) =>
    input.pipe(
      enrich(
        'country',
        lookup(target, { by: (code: string) => code, merge: (code, row) => `${code}=${row?.name ?? '?'}` }),
        { retry: 1 },
      ),
      sink('out', output),
    ),
  )
  const recording = (asked: string[][]): Lookup => ({
    load: async (keys) => {
      asked.push([...keys])
      return new Map(keys.filter((key) => key !== 'LEGO').map((key) => [key, { name: key.toLowerCase() }]))
    },
  })

  it('should ask once per micro-batch, for each key once, and remember rows and absences', async () => {
    const asked: string[][] = []
    const { out } = await process(
      said,
      [
        ['NO', 'LEGO', 'NO'],
        ['LEGO', 'FR', 'NO'],
      ],
      { lookup: recording(asked) },
    )
    expect(asked).to.deep.equal([['NO', 'LEGO'], ['FR']])
    expect(out).to.deep.equal(['NO=no', 'LEGO=?', 'NO=no', 'LEGO=?', 'FR=fr', 'NO=no'])
  })

  it('should count what has no row', async () => {
    const { counters } = await process(said, [['LEGO', 'NO', 'LEGO']], { lookup: recording([]) })
    expect(counters.get('country', 'unmatched')).to.equal(2)
  })

  it('should send only the records whose keys could not be loaded to the dead letters', async () => {
    let fail = false
    const asked: string[][] = []
    const flaky: Lookup = {
      load: (keys, signal) =>
        fail ? Promise.reject(new Error('refused')) : recording(asked).load(keys, signal),
    }
    const first = recording(asked)
    const lookups: Lookup = {
      load: async (keys, signal) => {
        const rows = await (fail ? flaky : first).load(keys, signal)
        fail = true
        return rows
      },
    }
    const { out, letters } = await process(said, [['NO'], ['NO', 'FR']], { lookup: lookups })
    expect(out).to.deep.equal(['NO=no', 'NO=no'])
    expect(letters).to.deep.equal(['country: Error: refused'])
  })

  it('should wait for a server that does not answer, beyond its retries', async () => {
    let calls = 0
    const hung: Lookup = {
      load: (keys, signal) => {
        if (++calls > 3) return recording([]).load(keys, signal)
        return new Promise(() => {})
      },
    }
    const impatient = jsonTopology<string>((input) =>
      input.pipe(
        enrich(
          'country',
          lookup(target, { by: (code: string) => code, merge: (code, row) => `${code}=${row?.name ?? '?'}` }),
          { retry: 0, timeout: 5 },
        ),
        sink('out', output),
      ),
    )
    const { out, letters } = await process(impatient, [['NO']], { lookup: hung })
    expect(out).to.deep.equal(['NO=no'])
    expect(letters).to.deep.equal([])
  })

  it('should load by a function of the user, in one call for what is not remembered', async () => {
    const asked: string[][] = []
    const sizes = async (keys: readonly string[]) => {
      asked.push([...keys])
      return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.length]))
    }
    const said = topology('spec', ({ source }) => {
      source('input', topic('in', { value: json<string>() })).pipe(
        enrich('sized', lookup(sizes, { by: (v: string) => v, merge: (v, size) => `${v} ${size}` })),
        sink('out', topic('out', { value: json<string>() })),
      )
    })
    const driver = await testDriver(said, { batch: 10 })
    for (const values of [['a', 'bb', 'a'], ['none', 'bb'], ['none']]) {
      await driver.pipeAll(
        'in',
        values.map((value) => ({ key: 'k', value, timestamp: 0 })),
      )
    }
    const out = driver.read('out').map(({ value }) => value)
    await driver.close()
    expect(out).to.deep.equal(['a 1', 'bb 2', 'a 1', 'none undefined', 'bb 2', 'none undefined'])
    expect(asked).to.deep.equal([['a', 'bb'], ['none']])
  })
})
