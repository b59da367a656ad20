import { randomBytes } from 'node:crypto'
import avsc from 'avsc'
import { expect } from 'chai'
import { kafka } from '../../connectors/kafka/index.ts'
import { schemaRegistry } from '../../lib/contract/registry.ts'
import {
  contract,
  json,
  map,
  type SchemaRegistry,
  sink,
  startWorker,
  topology,
  type Worker,
} from '../../lib/index.ts'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import {
  applyTopology,
  committedOf,
  endsOf,
  produce,
  type SpecEnvironment,
  specEnvironment,
} from '../support/environment.ts'
import { membersOf } from '../support/group.ts'
import { RegistryProxy, type RegistryState } from '../support/registry-proxy.ts'
import { servers } from '../support/servers.ts'
import { until } from '../support/until.ts'

const run = randomBytes(4).toString('hex')
const SESSION_MS = 6_000
const schema = { type: 'record', name: `Away${run}`, fields: [{ name: 'n', type: 'int' }] }
const away = contract<{ n: number }>({ name: 'away', version: 1, schema })
const input = kafka(`away-${run}`, {
  value: away,
  partitions: 2,
})
const said = topology(`away-${run}`, ({ source }) => {
  source('numbers', input).pipe(
    map('plain', ({ n }) => n),
    sink('out', kafka(`away-${run}-out`, { value: json<number>(), partitions: 2 })),
  )
})

/** Partition 0 is sent what only the registry knows, partition 1 what the worker knows already. */
describe('a worker whose registry goes away in mid-run', () => {
  const door = new RegistryProxy()
  let registry: SchemaRegistry
  let environment: SpecEnvironment
  let worker: Worker
  let members: string[]
  const sent = [0, 0]

  before(async () => {
    await door.become('up')
    registry = schemaRegistry({ url: servers().registryUrl })
    environment = specEnvironment({ registryUrl: door.url, timing: { session: SESSION_MS, heartbeat: 500 } })
    await applyTopology(said, environment)
    worker = await startWorker({ topology: said, environment })
    await write(0, await schemaId(0))
    await write(1, await schemaId(0))
    await delivered(0, 1)
    await delivered(1, 1)
    members = await membersOf(said.name)
  })
  after(async () => {
    await worker?.stop()
    await environment?.close()
    await door.close()
  })

  /** The contract's own schema, or a version of it that nobody has asked for yet. */
  async function schemaId(version: number): Promise<number> {
    const more = Array.from({ length: version }, (_, i) => ({ name: `more${i}`, type: 'int', default: 0 }))
    const text = JSON.stringify({ ...schema, fields: [...schema.fields, ...more] })
    return registry.register(`${input.name}-value`, version === 0 ? away.text : text)
  }

  async function write(partition: 0 | 1, id: number, version = 0): Promise<void> {
    const more = Array.from({ length: version }, (_, i) => ({ name: `more${i}`, type: 'int' }))
    const type = avsc.Type.forSchema({ ...schema, fields: [...schema.fields, ...more] } as avsc.Schema)
    const fields = Object.fromEntries(more.map(({ name }) => [name, 7]))
    const head = Buffer.alloc(5)
    head.writeInt32BE(id, 1)
    const value = Buffer.concat([head, type.toBuffer({ n: sent[partition]!++, ...fields })])
    const record: OutRecord = {
      topic: input.name,
      partition,
      key: null,
      value,
      timestamp: Date.now(),
      headers: NO_HEADERS,
    }
    await produce(environment, [record])
  }

  async function delivered(partition: 0 | 1, count: number): Promise<void> {
    await until(
      `${count} records of partition ${partition} committed`,
      async () => (await committedOf(environment, said.name, input.name))[partition] === count,
    )
  }

  const states: RegistryState[] = ['refuses', 'fails', 'hangs']
  for (const [i, state] of states.entries()) {
    it(`should wait while it ${state}, go on with the schemas it knows, and be done within 10 s of its return`, async () => {
      const id = await schemaId(i + 1)
      const known = await schemaId(0)
      await door.become(state)
      const since = Date.now()
      await write(0, id, i + 1)
      await write(0, known)
      await until('the worker says that it waits', () => linesSince(environment, 'waiting for schemas') > i)
      await write(1, known)
      await delivered(1, sent[1]!)
      // The last time for longer than the group waits for a member without heartbeats.
      if (state === 'hangs')
        await until('a session has passed', () => Date.now() - since > SESSION_MS + 1_000)
      expect(await committedOf(environment, said.name, input.name)).to.deep.equal([sent[0]! - 2, sent[1]])
      await door.become('up')
      const back = Date.now()
      await delivered(0, sent[0]!)
      expect(Date.now() - back).to.be.below(10_000)
    })
  }

  it('should have made no dead letter, lost none and kept its place in the group', async () => {
    expect(await endsOf(environment, said.deadLetters.topic)).to.deep.equal([0])
    expect((await endsOf(environment, `away-${run}-out`)).reduce((a, b) => a + b)).to.equal(
      sent[0]! + sent[1]!,
    )
    expect(worker.counters.get('out', 'written')).to.equal(sent[0]! + sent[1]!)
    expect(await membersOf(said.name)).to.deep.equal(members)
    expect(linesSince(environment, 'assigned')).to.equal(1)
  })
})

function linesSince({ lines }: SpecEnvironment, text: string): number {
  return lines.filter((line) => line.includes(text)).length
}
