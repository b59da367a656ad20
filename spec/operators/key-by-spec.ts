import { expect } from 'chai'
import { count, filter, json, keyBy, map, sink, topic, topology } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'
import { chain, driven, type Short } from '../support/driven.ts'

interface User {
  readonly country: string | null
}

const user = (country: string | null, timestamp = 1): Short => ['u', { country }, timestamp]

const byCountry = keyBy<string, User>('by-country', ({ country }) => {
  if (country === '??') throw new RangeError('no country')
  return country
})

describe('keyBy', () => {
  it('should change nothing but the key, which may become none', async () => {
    const driver = await testDriver(chain<User>((input) => input.pipe(byCountry)))
    const headers = [['h', Buffer.from('kept')]] as const
    for (const country of ['fr', null, 'de']) {
      await driver.pipe('in', { key: 'u', value: { country }, timestamp: 7, headers })
    }
    const expected = ['fr', null, 'de'].map((key) => ({
      key,
      value: { country: key },
      timestamp: 7,
      headers,
    }))
    expect(
      driver.read('out').map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, headers })),
    ).to.deep.equal(expected)
    await driver.close()
  })

  it('should see the key that there was', async () => {
    const said = chain<number>((input) => input.pipe(keyBy('longer', (n, { key }) => `${key}/${n}`)))
    expect((await driven(said, [['a', 1, 1]])).out).to.deep.equal([['a/1', 1, 1]])
  })

  it('should refuse a record on which the callback throws, and go on', async () => {
    const said = chain<User>((input) => input.pipe(byCountry))
    const { out, letters } = await driven(said, [user('fr'), user('??'), user('de')])
    expect(out.map(([key]) => key)).to.deep.equal(['fr', 'de'])
    expect(letters).to.deep.equal(['by-country: RangeError: no country'])
  })

  it('should write keys other than text as is said', async () => {
    const said = topology('spec', ({ source }) => {
      source('input', topic('in', { value: json<number>() })).pipe(
        keyBy('number', (n) => ({ n }), { key: json<{ readonly n: number }>() }),
        count('counts'),
        sink('out', topic('out', { key: json<{ readonly n: number }>(), value: json<number>() })),
      )
    })
    const { out } = await driven(
      said,
      [1, 2, 1].map((n) => ['a', n, n]),
    )
    expect(out).to.deep.equal([
      [{ n: 1 }, 1, 1],
      [{ n: 2 }, 1, 2],
      [{ n: 1 }, 2, 1],
    ])
  })

  it('should be followed by a repartition topic named for the step that needs its keys, and by none else', () => {
    const stateless = chain<User>((input) =>
      input.pipe(
        byCountry,
        filter('known', () => true),
      ),
    )
    expect(subTopologiesOf(stateless)).to.have.length(1)
    const counted = chain<User>((input) => {
      return input.pipe(
        byCountry,
        map('nothing', (value) => value),
        count('per-country'),
      )
    })
    const [, second] = subTopologiesOf(counted)
    expect(second?.inputs.map(({ name }) => name)).to.deep.equal(['per-country-repartition'])
  })
})
