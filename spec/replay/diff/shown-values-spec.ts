import { expect } from 'chai'
import { shownIn } from '../../../lib/replay/diff/shown-values.ts'
import { sinksOf } from '../../../lib/replay/shadow.ts'
import userInsights from '../../../topologies/user-insights.ts'

const sinks = sinksOf(userInsights)
const sinkOf = (name: string) => sinks.find(({ target }) => target.name === name)!
const shown = (sink: string, values: boolean, sensitive: boolean) => {
  return shownIn(sinkOf(sink), userInsights, { values, sensitive })
}

describe('what is shown of values', () => {
  it('should be what kind they are, and nothing of what is in them, unless it is asked for', () => {
    const { value } = shown('users.insights', false, false)
    const given = [
      'secret',
      17,
      true,
      null,
      undefined,
      { of: 'secret' },
      ['secret'],
      Buffer.from('secret'),
      9n,
    ]
    const said = given.map((one) => value('age_band', one))
    expect(said).to.deep.equal([
      ...['text of 6', 'number', 'boolean', null, null, 'record', 'list of 1', '6 bytes', 'bigint'],
    ])
  })

  for (const sink of ['users.insights', 'users_by_id', 'users_by_country']) {
    it(`should not be that of sensitive fields either, unless that is asked for too: ${sink}`, () => {
      const asked = shown(sink, true, false)
      expect(asked.value('age_band', '25-34')).to.equal('25-34')
      expect(asked.value('country_code', 'DE')).to.equal('DE')
      expect(asked.value('full_name', 'Jane Doe')).to.equal('text of 8')
      expect(asked.value('city', 'Bonn')).to.equal('text of 4')
      expect(shown(sink, true, true).value('full_name', 'Jane Doe')).to.equal('Jane Doe')
      expect(shown(sink, false, true).value('full_name', 'Jane Doe')).to.equal('text of 8')
    })
  }

  it('should be such that JSON can hold it', () => {
    const { value } = shown('users_by_id', true, true)
    const given = { n: 9n, nan: Number.NaN, bytes: Buffer.from([1, 255]), list: [1n] }
    expect(JSON.parse(JSON.stringify(value('any', given)))).to.deep.equal({
      ...{ n: '9', nan: 'NaN', bytes: '01ff', list: ['1'] },
    })
  })

  it('should hide keys that are sensitive', () => {
    expect(shown('users_by_id', true, false).hides('email')).to.equal(true)
    expect(shown('users_by_id', true, false).hides('user_id')).to.equal(false)
    expect(shown('users_by_id', true, true).hides('email')).to.equal(false)
  })
})
