import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { freePorts } from '../../services/ports.ts'
import { openKeyspace, type SpecKeyspace } from '../connectors/cassandra/keyspace.ts'
import { millrace, runMillrace } from '../support/millrace.ts'
import { servers } from '../support/servers.ts'
import type { PlanEntry } from './plan/plan-entry.ts'

const FILE = 'spec/cli/plan/stored.ts'

describe('millrace plan, on Kafka, registry and Cassandra', function () {
  this.timeout(120_000)
  const name = `planned-${randomBytes(4).toString('hex')}`
  let keyspace: SpecKeyspace
  let env: Record<string, string>

  before(async () => {
    keyspace = openKeyspace()
    env = {
      SPEC_NAME: name,
      KAFKA_BROKERS: servers().kafkaBrokers,
      SCHEMA_REGISTRY_URL: servers().registryUrl,
      CASSANDRA_CONTACT_POINTS: keyspace.settings.contactPoints.join(','),
      CASSANDRA_LOCAL_DC: keyspace.settings.localDataCenter,
      CASSANDRA_KEYSPACE: keyspace.name,
    }
    await millrace(['apply', FILE], env)
    expect((await runMillrace(['plan', FILE], env)).code).to.equal(0)
  })
  after(() => keyspace?.drop())

  it('should name a schema that the registry would refuse, and the cure', async () => {
    const changed = { SECONDS_TYPE: 'string' }
    const entry = await only(changed)
    expect(entry).to.include({ kind: 'subject', name: `${name}.in-value`, breaks: true })
    expect(entry.state)
      .to.have.property('differs')
      .that.matches(/is not compatible: .*(seconds|TYPE_MISMATCH|type)/i)
    expect(entry.cure).to.match(/make the new version readable with the old ones/)
    await expectRefused(changed, new RegExp(`subject ${name}\\.in-value: .*make the new version readable`))
  })

  it('should name a column that a table lacks, and the cure', async () => {
    const changed = { WITH_COLUMN: 'referrer' }
    const entry = await only(changed)
    expect(entry).to.include({ kind: 'table', breaks: true })
    expect(entry.state)
      .to.have.property('differs')
      .that.matches(/referrer/)
    expect(entry.cure).to.match(/^ALTER TABLE adds a column/)
    await expectRefused(changed, /table .*visits: .*referrer.*ALTER TABLE/)
  })

  it('should name a registry or a Cassandra that can not be reached', async () => {
    const [port] = await freePorts(1)
    const nobody = `127.0.0.1:${port}`
    for (const [variable, address] of [
      ['SCHEMA_REGISTRY_URL', `http://${nobody}`],
      ['CASSANDRA_CONTACT_POINTS', nobody],
    ] as const) {
      const { code, stderr } = await runMillrace(['plan', FILE], { ...env, [variable]: address })
      expect(code, stderr).to.equal(1)
      expect(stderr, variable).to.include(nobody)
    }
  })

  /** What differs for another version, which is one thing. */
  async function only(changed: Record<string, string>): Promise<PlanEntry> {
    const before = await held()
    const { code, stdout, stderr } = await runMillrace(['plan', FILE, '--json'], { ...env, ...changed })
    expect(code, stdout + stderr).to.equal(3)
    expect(await held()).to.deep.equal(before)
    const entries = (JSON.parse(stdout) as PlanEntry[]).filter(({ state }) => state !== 'present')
    expect(entries, stdout).to.have.length(1)
    return entries[0]!
  }

  async function expectRefused(changed: Record<string, string>, said: RegExp): Promise<void> {
    const { code, stdout, stderr } = await runMillrace(['plan', FILE], { ...env, ...changed })
    expect(code, stdout).to.equal(3)
    expect(stdout).to.match(/^! /m)
    expect(stderr).to.match(said)
  }

  /** As the servers themselves say. */
  async function held() {
    const subject = await fetch(`${servers().registryUrl}/subjects/${name}.in-value/versions`)
    const columns = `SELECT column_name, type FROM system_schema.columns WHERE keyspace_name = '${keyspace.name}' AND table_name = 'visits'`
    return { versions: await subject.json(), columns: await keyspace.select(columns) }
  }
})
