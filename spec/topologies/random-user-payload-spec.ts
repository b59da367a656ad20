import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { decodeBody, encodeValue } from '../../lib/contract/avro-bytes.ts'
import { randomUser } from '../../schemas/random-user.ts'
import { toRandomUser } from '../../topologies/random-user-payload.ts'
import { failureOf } from '../contract/failure-of.ts'

const recordings = new URL('../../connectors/http/fixtures/', import.meta.url)

interface Payload {
  readonly login: Readonly<Record<string, string>>
  readonly id: Readonly<Record<string, string | null>>
  readonly location: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}
const recorded: readonly Payload[] = readdirSync(recordings)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => JSON.parse(readFileSync(new URL(file, recordings), 'utf8')).results)

const least = { login: { uuid: 'u' } }
const rejection = (payload: unknown) => failureOf(() => toRandomUser(payload, 'run'))

describe('toRandomUser', () => {
  it('should keep all of the 1,570 recorded users but their secrets, through bytes and back', () => {
    expect(recorded).to.have.length(1570)
    for (const payload of recorded) {
      const user = toRandomUser(payload, 'run')
      const { password, salt, md5, sha1, sha256, ...login } = payload.login
      const expected = {
        ...payload,
        login,
        id: { name: payload.id.name },
        location: { ...payload.location, country: payload.location.country ?? null },
        run_id: 'run',
      }
      expect(user).to.deep.equal(expected)
      const bytes = encodeValue(randomUser, 1, user)
      expect(decodeBody(randomUser, 1, undefined, bytes)).to.deep.equal(expected)
      for (const secret of [salt, md5, sha1, sha256]) expect(bytes.includes(secret!)).to.equal(false)
      expect(Object.keys(user.login)).not.to.include(password)
    }
  })

  it('should make null of what is absent', () => {
    const user = toRandomUser({ ...least, name: {}, location: { street: { number: 1 } } }, null)
    expect(user).to.include({ email: null, nat: null, dob: null, run_id: null })
    expect(user.name).to.deep.equal({ title: null, first: null, last: null })
    expect(user.location?.street).to.deep.equal({ number: 1, name: null })
  })

  it('should keep a postcode as the number or the text it is', () => {
    const postcode = (value: unknown) =>
      toRandomUser({ ...least, location: { postcode: value } }, null).location?.postcode
    expect(postcode(12345)).to.equal(12345)
    expect(postcode('K1A 0B1')).to.equal('K1A 0B1')
    expect(postcode(null)).to.equal(null)
  })

  it('should let odd but well-typed users pass, for validate to judge', () => {
    expect(toRandomUser({ login: { uuid: 'not a uuid' }, email: '', nat: 'LEGO' }, null)).to.include({
      email: '',
    })
  })

  it('should put its own run id over any in the payload', () => {
    expect(toRandomUser({ ...least, run_id: 'theirs' }, 'ours').run_id).to.equal('ours')
  })

  const rejected: Record<string, [payload: unknown, message: string]> = {
    'an element that is null': [null, 'expected object, got null'],
    'an element that is an array': [[], 'expected object, got array'],
    'an element that is text': ['canary', 'expected object, got string'],
    'a user without login': [{}, 'login: expected object, got nothing'],
    'a user without uuid': [{ login: {} }, 'login.uuid: expected string, got nothing'],
    'a uuid that is null': [{ login: { uuid: null } }, 'login.uuid: expected string, got null'],
    'a uuid that is a number': [{ login: { uuid: 5 } }, 'login.uuid: expected string, got number'],
    'an empty uuid': [{ login: { uuid: '' } }, 'login.uuid: expected a uuid, got an empty string'],
    'an e-mail that is an object': [
      { ...least, email: { canary: 1 } },
      'email: expected string or null, got object',
    ],
    'a postcode with a fraction': [
      { ...least, location: { postcode: 12.5 } },
      'location.postcode: expected long or string or null, got a number with a fraction',
    ],
    'a postcode beyond 2^53': [{ ...least, location: { postcode: 2 ** 60 } }, 'got a number beyond 2^53'],
    'a name that is text': [{ ...least, name: 'canary' }, 'name: expected object or null, got string'],
    'an age that is text': [
      { ...least, dob: { age: 'canary' } },
      'dob.age: expected int or null, got string',
    ],
  }
  for (const [name, [payload, message]] of Object.entries(rejected)) {
    it(`should reject ${name}, with a reason and no value`, () => {
      const error = rejection(payload)
      expect(error).to.include({ code: 'REJECTED' })
      expect(error.message).to.contain(message).and.not.contain('canary')
    })
  }

  it('should not look for fields in the prototype', () => {
    expect(rejection(Object.create(least)).message).to.contain('login')
  })
})
