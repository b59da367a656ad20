import { randomUUID } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SchemaRegistry as Client, SchemaType } from '@kafkajs/confluent-schema-registry'
import { expect } from 'chai'
import { contract } from '../../lib/contract/avro.ts'
import { schemaRegistry } from '../../lib/contract/registry.ts'
import { subjectResource } from '../../lib/contract/resources.ts'
import { bind } from '../../lib/contract/serde.ts'
import type { SchemaRegistry } from '../../lib/ports.ts'
import { randomUser } from '../../schemas/random-user.ts'
import { userInsight } from '../../schemas/user-insight.ts'
import { toRandomUser } from '../../topologies/random-user-payload.ts'
import { servers } from '../support/servers.ts'
import { rejectionOf } from './failure-of.ts'

const run = randomUUID().slice(0, 8)
let subjects = 0
const freshSubject = () => `contract-${run}-${++subjects}-value`

interface Thing {
  readonly name: string
}
const thing = (version: number, ...more: object[]) =>
  contract<Thing>({
    name: 'thing',
    version,
    schema: { type: 'record', name: `Thing${run}`, fields: [{ name: 'name', type: 'string' }, ...more] },
  })
const first = thing(1)
const withDefault = thing(2, { name: 'size', type: 'int', default: 0 })
const withoutDefault = thing(2, { name: 'weight', type: 'int' })

describe('schema registry', () => {
  let url: string
  let registry: SchemaRegistry
  before(() => {
    url = servers().registryUrl
    registry = schemaRegistry({ url })
  })

  it('should register idempotently, under its own compatibility', async () => {
    const subject = freshSubject()
    expect(await registry.idOf(subject, first.text)).to.equal(undefined)
    const id = await registry.register(subject, first.text)
    expect(await registry.register(subject, first.text)).to.equal(id)
    expect(await registry.idOf(subject, first.text)).to.equal(id)
    const level = await (await fetch(`${url}/config/${subject}`)).json()
    expect(level).to.deep.equal({ compatibilityLevel: 'BACKWARD_TRANSITIVE' })
    const versions = await (await fetch(`${url}/subjects/${subject}/versions`)).json()
    expect(versions).to.deep.equal([1])
  })

  it('should give a schema back by its id, to another instance too', async () => {
    const id = await registry.register(freshSubject(), first.text)
    const text = await schemaRegistry({ url: `${url}/` }).schemaById(id)
    expect(contract({ name: 'thing', version: 1, schema: JSON.parse(text!) }).fingerprint).to.equal(
      first.fingerprint,
    )
  })

  it('should not know an id that was never given', async () => {
    expect(await registry.schemaById(2_000_000_000)).to.equal(undefined)
  })

  it('should not find a schema under a subject that has another one', async () => {
    const subject = freshSubject()
    await registry.register(subject, first.text)
    expect(await registry.idOf(subject, withDefault.text)).to.equal(undefined)
  })

  it('should refuse an incompatible schema, naming subject and reason', async () => {
    const subject = freshSubject()
    await registry.register(subject, first.text)
    expect(await registry.incompatibility(subject, withDefault.text)).to.equal(undefined)
    expect(await registry.incompatibility(subject, withoutDefault.text)).to.contain('weight')
    const error = await rejectionOf(registry.register(subject, withoutDefault.text))
    expect(error).to.include({ code: 'CONTRACT', retriable: false })
    expect(error.message).to.contain(subject).and.contain('weight').and.contain('default')
    await registry.register(subject, withDefault.text)
  })

  it('should check against all versions, not only the last', async () => {
    const subject = freshSubject()
    await registry.register(subject, thing(1, { name: 'size', type: 'int', default: 0 }).text)
    await registry.register(subject, first.text)
    const readded = thing(3, { name: 'size', type: 'string', default: '' })
    expect(await rejectionOf(registry.register(subject, readded.text))).to.include({ code: 'CONTRACT' })
  })

  it('should raise a weaker compatibility and keep a stricter one', async () => {
    for (const [found, kept] of [
      ['NONE', 'BACKWARD_TRANSITIVE'],
      ['FULL_TRANSITIVE', 'FULL_TRANSITIVE'],
    ]) {
      const subject = freshSubject()
      await fetch(`${url}/config/${subject}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify({ compatibility: found }),
      })
      await registry.register(subject, first.text)
      const level = await (await fetch(`${url}/config/${subject}`)).json()
      expect(level).to.deep.equal({ compatibilityLevel: kept })
    }
  })

  it('should tell apply what is missing, present and different', async () => {
    const subject = freshSubject()
    const resource = subjectResource(first, subject, registry)
    expect(resource).to.include({ kind: 'subject', name: subject })
    expect(await resource.inspect()).to.equal('missing')
    await resource.create()
    await resource.create()
    expect(await resource.inspect()).to.equal('present')
    expect(await subjectResource(withDefault, subject, registry).inspect()).to.equal('missing')
    expect(await subjectResource(withoutDefault, subject, registry).inspect()).to.have.property('differs')
  })

  it('should take a wrong path for an unreachable registry, not for unknown schemas', async () => {
    const wrong = schemaRegistry({ url: `${url}/elsewhere` })
    expect(await rejectionOf(wrong.schemaById(1))).to.include({ code: 'UNREACHABLE' })
    expect(await rejectionOf(wrong.idOf('s', first.text))).to.include({ code: 'UNREACHABLE' })
  })

  describe('with the kafkajs client on the other side', () => {
    const user = toRandomUser(
      { login: { uuid: 'u' }, email: 'é@example.com', location: { postcode: 5 } },
      'run',
    )

    it('should read what the client writes, and the other way round', async () => {
      const subject = freshSubject()
      const id = await registry.register(subject, randomUser.text)
      const client = new Client({ host: url })
      const bound = bind(randomUser, subject, registry)
      await bound.open()
      const theirs = await client.encode(id, user)
      await bound.ready([theirs])
      expect(bound.decode(theirs)).to.deep.equal(user)
      expect(bound.encode(user)).to.deep.equal(theirs)
      const decoded: unknown = await client.decode(bound.encode(user))
      // The client's records carry methods.
      expect(JSON.parse(JSON.stringify(decoded))).to.deep.equal(user)
    })

    it('should find a contract that the client registered', async () => {
      const subject = freshSubject()
      const { id } = await new Client({ host: url }).register(
        { type: SchemaType.AVRO, schema: userInsight.text },
        { subject },
      )
      expect(await registry.idOf(subject, userInsight.text)).to.equal(id)
    })

    it('should call values with the id of another subject poison', async () => {
      const id = await registry.register(freshSubject(), first.text)
      const bytes = await new Client({ host: url }).encode(id, { name: 'x' })
      const bound = bind(randomUser, 'unused', registry)
      await bound.ready([bytes])
      expect(() => bound.decode(bytes)).to.throw(`is of Thing${run}, not millrace.RandomUser`)
    })
  })
})

describe('schema registry that fails', () => {
  const listening: Server[] = []
  after(() => {
    for (const server of listening) server.closeAllConnections()
    for (const server of listening) server.close()
  })

  /** Its host and port. */
  async function serving(answer: RequestListener): Promise<string> {
    const server = createServer(answer)
    listening.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const at = (host: string) => schemaRegistry({ url: `http://${host}` })
  async function answering(status: number, body: string): Promise<SchemaRegistry> {
    const json = { 'content-type': 'application/json' }
    return at(await serving((_, response) => response.writeHead(status, json).end(body)))
  }
  const calls = (registry: SchemaRegistry) => [
    () => registry.schemaById(1),
    () => registry.idOf('s', first.text),
    () => registry.incompatibility('s', first.text),
    () => registry.register('s', first.text),
  ]

  it('should be unreachable when nothing listens', async () => {
    for (const call of calls(schemaRegistry({ url: 'http://127.0.0.1:9' }))) {
      expect(await rejectionOf(call())).to.include({ code: 'UNREACHABLE', retriable: true })
    }
  })

  it('should be unreachable when it fails', async () => {
    for (const call of calls(await answering(500, '{"error_code":50001,"message":"store"}'))) {
      expect(await rejectionOf(call())).to.include({ code: 'UNREACHABLE', retriable: true })
    }
  })

  it('should be unreachable when it never answers', async () => {
    const silent = await serving(() => {})
    for (const call of calls(schemaRegistry({ url: `http://${silent}`, timeout: 200 }))) {
      expect(await rejectionOf(call())).to.include({ code: 'UNREACHABLE', retriable: true })
    }
  })

  it('should be unreachable behind a gateway that answers with a page', async () => {
    for (const call of calls(await answering(404, '<html>not here</html>'))) {
      expect(await rejectionOf(call())).to.include({ code: 'UNREACHABLE', retriable: true })
    }
  })

  it('should send the credentials of its URL, and not show them', async () => {
    const sent = new Set<string | undefined>()
    const host = await serving((request, response) => {
      sent.add(request.headers.authorization)
      response.writeHead(500).end()
    })
    for (const call of calls(at(`user:canary@${host}`))) {
      expect((await rejectionOf(call())).message).not.to.contain('canary')
    }
    expect([...sent]).to.deep.equal([`Basic ${Buffer.from('user:canary').toString('base64')}`])
  })

  it('should be a matter of configuration when it refuses the credentials', async () => {
    for (const call of calls(await answering(401, '{"error_code":40101,"message":"Unauthorized"}'))) {
      expect(await rejectionOf(call())).to.include({ code: 'CONFIG', retriable: false })
    }
  })
})
