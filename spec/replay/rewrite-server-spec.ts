import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { openKeyspace, type SpecKeyspace } from '../connectors/cassandra/keyspace.ts'
import { millrace, runMillrace } from '../support/millrace.ts'

const FILE = 'spec/replay/topologies/rewritten.ts'
const BEGIN = Date.UTC(2026, 0, 1)
const KEYS = 40

describe('the write clock of a replay, on Cassandra', function () {
  this.timeout(240_000)
  const state = mkdtempSync(join(tmpdir(), 'millrace-rewrite-'))
  let keyspace: SpecKeyspace
  let env: Record<string, string>
  let changed: Record<string, string>

  before(async () => {
    keyspace = openKeyspace()
    env = {
      MILLRACE_STATE_DIR: state,
      CASSANDRA_CONTACT_POINTS: keyspace.settings.contactPoints.join(','),
      CASSANDRA_LOCAL_DC: keyspace.settings.localDataCenter,
      CASSANDRA_KEYSPACE: keyspace.name,
    }
    changed = { ...env, SPEC_VERSION: 'new' }
    await run(['apply', FILE], env)
    const broker = await openEmbeddedBroker({ dir: join(state, 'embedded', 'log') })
    const producer = await broker.producer({})
    // Every key twice: 1000 + n, and an hour later 2000 + n for the even ones.
    const record = (n: number, value: number, timestamp: number) => ({
      ...{ topic: 'rewritten.in', partition: n % 2, key: Buffer.from(`k${n}`), headers: NO_HEADERS },
      ...{ value: Buffer.from(String(value)), timestamp },
    })
    const numbers = Array.from({ length: KEYS }, (_, n) => n)
    await producer.send(numbers.map((n) => record(n, 1000 + n, BEGIN + n)))
    await producer.send(
      numbers.filter((n) => n % 2 === 0).map((n) => record(n, 2000 + n, BEGIN + 3_600_000 + n)),
    )
    await producer.close()
    await broker.close()
    await run(['run', FILE, '--until-caught-up'], env)
  })

  after(async () => {
    await keyspace?.drop()
    rmSync(state, { recursive: true })
  })

  it('should leave rows that newer records have written as they are', async () => {
    await run(['replay', FILE, '--to', new Date(BEGIN + KEYS).toISOString()], changed)
    expect(await rows()).to.deep.equal(expected(2000, 1000))
  })

  it('should win over equal times when it is to rewrite, and over newer ones never', async () => {
    await run(['replay', FILE, '--rewrite', '--to', new Date(BEGIN + KEYS).toISOString()], changed)
    expect(await rows()).to.deep.equal(expected(2000, 900))
  })

  it('should be what live runs write with from then on', async () => {
    await run(['replay', FILE, '--from', new Date(BEGIN + 1000).toISOString()], changed)
    expect(await rows()).to.deep.equal(expected(1900, 900))
    const clocks = await keyspace.select<{ clock: { toString(): string } }>(
      `SELECT writetime(n) AS clock FROM ${keyspace.name}.rewritten`,
    )
    expect(new Set(clocks.map(({ clock }) => Number(clock.toString()) % 1000))).to.deep.equal(new Set([1]))
  })

  it('should not be raised for a shadow', async () => {
    const args = ['replay', FILE, '--rewrite', '--into', 'v2', '--embedded', 'kafka']
    const { code, stderr } = await runMillrace(args, changed)
    expect(code, stderr).to.equal(2)
    expect(stderr).to.include('--rewrite goes into the live tables')
  })

  const run = (args: readonly string[], variables: Record<string, string>) =>
    millrace([...args, '--embedded', 'kafka'], variables)

  function expected(even: number, odd: number): Record<string, number> {
    return Object.fromEntries(
      Array.from({ length: KEYS }, (_, n) => [`k${n}`, (n % 2 === 0 ? even : odd) + n]),
    )
  }

  async function rows(): Promise<Record<string, number>> {
    const found = await keyspace.select<{ id: string; n: number }>(
      `SELECT id, n FROM ${keyspace.name}.rewritten`,
    )
    const byNumber = found.sort((one, other) => Number(one.id.slice(1)) - Number(other.id.slice(1)))
    return Object.fromEntries(byNumber.map(({ id, n }) => [id, n]))
  }
})
