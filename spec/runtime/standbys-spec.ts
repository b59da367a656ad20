import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { count, json, sink, topic, topology, toStream } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { endsOf, reached } from '../../lib/runtime/caught-up.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import type { Worker } from '../../lib/runtime/worker-options.ts'
import type { Guarantee } from '../../lib/topology/nodes.ts'
import { until } from '../support/until.ts'

const PARTITIONS = 4
const GUARANTEES = ['at-least-once', 'exactly-once'] as const

const nameOf = (guarantee: Guarantee) => `taken-over-${guarantee}`

interface Restored {
  readonly task: string
  readonly checkpoint: number
  readonly entries: number
}

function clicks(name: string) {
  return topology(name, ({ source }) => {
    source('clicks', topic(`${name}-clicks`, { value: json<number>(), partitions: PARTITIONS })).pipe(
      count('per-key'),
      toStream('updates'),
      sink('counts', topic(`${name}-counts`, { value: json<number | null>(), partitions: PARTITIONS })),
    )
  })
}

/** A worker, and what it has said. */
class Told {
  readonly restored: Restored[] = []
  active: readonly string[] = []
  standbys: readonly string[] = []
  worker: Worker | undefined

  readonly log = {
    ...SILENT,
    info: (fields: object, message: string) => {
      if (message === 'state restored') this.restored.push(fields as Restored)
      if (message !== 'assigned') return
      const { partitions, standbys } = fields as { partitions: string[]; standbys: string[] }
      this.active = partitions.map((place) => `0_${place.at(-1)}`)
      this.standbys = standbys
    },
  }
}

describe('workers with standbys', function () {
  this.timeout(60_000)
  const root = mkdtempSync(join(tmpdir(), 'millrace-standbys-'))
  const begun: Told[] = []
  let broker: EmbeddedBroker

  before(async () => {
    broker = await openEmbeddedBroker({ dir: join(root, 'log') })
    for (const guarantee of GUARANTEES) {
      const name = nameOf(guarantee)
      const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
      for (const resource of resourcesOf(clicks(name), name, environment)) await resource.create()
    }
  })
  afterEach(() => Promise.all(begun.splice(0).map(({ worker }) => worker?.stop())))
  after(async () => {
    await broker.close()
    rmSync(root, { recursive: true })
  })

  for (const guarantee of GUARANTEES) {
    describe(guarantee, () => takenOver(guarantee))
  }

  function takenOver(guarantee: Guarantee): void {
    const name = nameOf(guarantee)
    const said = clicks(name)
    let written = 0

    it('should take over what they follow, and go on from there, having read none of it again', async () => {
      await write(400)
      const [one, other] = [await begin('one'), await begin('other')]
      await divided(one, other)
      await workedOff()
      await followed(one, other)
      expect([...one.active].sort()).to.deep.equal([...other.standbys].sort())
      other.restored.length = 0
      const [taken, kept] = [one.active, other.active]
      await one.worker!.stop()
      await until('all is owned again', () => other.active.length === PARTITIONS)
      expect(other.restored.map(({ task }) => task).sort()).to.deep.equal([...taken, ...kept].sort())
      for (const { task, checkpoint, entries } of other.restored) {
        expect([task, checkpoint > 0, entries]).to.deep.equal([task, true, 0])
      }
      await write(400)
      await workedOff()
      expect(await counts()).to.deep.equal(counted())
    })

    it('should have the state they had, in another life, and give tasks back to where it is', async () => {
      const one = await begin('one')
      await until('it owns all', () => one.active.length === PARTITIONS)
      const other = await begin('other')
      await divided(one, other)
      await write(40)
      await workedOff()
      for (const { checkpoint } of [...one.restored, ...other.restored]) expect(checkpoint).to.be.above(0)
      expect(await counts()).to.deep.equal(counted())
    })

    async function begin(state: string): Promise<Told> {
      const told = new Told()
      begun.push(told)
      told.worker = await startWorker({
        topology: said,
        environment: { broker, sinks: {}, lookups: {}, log: told.log },
        ...{ stateDir: join(root, guarantee, state), standbys: 1, guarantee, batch: { records: 20 } },
      })
      return told
    }

    async function divided(...all: readonly Told[]): Promise<void> {
      await until('both have their parts', () => all.every(({ active }) => active.length === PARTITIONS / 2))
      await until('each follows the other', () =>
        all.every(({ standbys }) => standbys.length === PARTITIONS / 2),
      )
    }

    /** By what can be asked of them, up to the ends that the changelogs have now. */
    async function followed(...all: readonly Told[]): Promise<void> {
      const changelog = `${name}-per-key-changelog`
      for (const { partition, end } of await broker.admin.offsets(changelog)) {
        const task = `0_${partition}`
        const { worker } = all.find(({ standbys }) => standbys.includes(task))!
        await until(`${task} is followed`, async () => {
          const query = { store: 'per-key', task, from: 'standby', ask: { limit: 1 } } as const
          const answer = await worker!.view.query(query)
          return answer.outcome === 'answered' && answer.served.position[`${changelog}/${partition}`] === end
        })
      }
    }

    async function write(number: number): Promise<void> {
      const producer = await broker.producer({})
      const records = Array.from({ length: number }, (_, index) => {
        const n = written + index
        const key = Buffer.from(`key-${n % 16}`)
        return {
          ...{ topic: `${name}-clicks`, partition: n % PARTITIONS, key, value: Buffer.from(`${n}`) },
          ...{ timestamp: n, headers: NO_HEADERS },
        }
      })
      await producer.send(records)
      await producer.close()
      written += number
    }

    async function workedOff(): Promise<void> {
      const ends = await endsOf(broker.admin, [`${name}-clicks`])
      await reached(broker.admin, name, ends, AbortSignal.timeout(30_000))
    }

    /** The last count of each key. */
    async function counts(): Promise<Record<string, number>> {
      const last: Record<string, number> = {}
      const topic = `${name}-counts`
      for (const { partition, earliest: from, end: to } of await broker.admin.offsets(topic)) {
        for await (const { records } of broker.read([{ topic, partition, from, to }])) {
          for (const { key, value } of records) last[String(key)] = Number(String(value))
        }
      }
      return last
    }

    function counted(): Record<string, number> {
      const keys = [...Array(16).keys()]
      return Object.fromEntries(keys.map((key) => [`key-${key}`, Math.floor((written - 1 - key) / 16) + 1]))
    }
  }
})
