import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { type Admin, type AdminOptions, startAdmin } from '../../lib/admin/server.ts'
import type { Broker, BrokerAdmin } from '../../lib/broker/broker.ts'
import {
  aggregate,
  count,
  json,
  keyBy,
  keyValueStore,
  process,
  reduce,
  session,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
} from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import type { Worker, WorkerOptions } from '../../lib/runtime/worker-options.ts'
import { overridden } from '../support/overridden.ts'
import { until } from '../support/until.ts'

export interface Order {
  readonly user: string
  readonly country: string
  readonly cents: number
}

const orders = topic('orders', { value: json<Order>(), partitions: 3 })
const prices = topic('prices', { value: json<number>(), partitions: 3 })
const names = topic('names', { value: json<string>(), partitions: 2 })
const totals = topic('totals', { key: json<number>(), value: json<number | null>(), partitions: 3 })

/** Every kind of store, in several sub-topologies. */
export const shop = topology('shop', ({ source, table, globalTable }) => {
  globalTable('names', names)
  table('prices', prices, { history: '1h' })
  const placed = source('orders', orders)
  placed.pipe(window('hourly', tumbling('1h', { grace: '7d' })), count('orders-per-hour'))
  placed.pipe(window('visits', session('10m', { grace: '7d' })), count('orders-per-visit'))
  placed.pipe(
    process(
      'last-order',
      { stores: { last: keyValueStore<number>('last-orders') } },
      ({ stores: { last } }) =>
        ({ cents }, { key }) => {
          last.put(key, cents)
          last.put('of all', cents)
        },
    ),
  )
  placed.pipe(
    keyBy('by-country', ({ country }) => country),
    count('orders-per-country'),
  )
  placed.pipe(
    keyBy('by-price', ({ cents }) => cents, { key: json<number>() }),
    aggregate(
      'cents',
      () => 0,
      (sum: number, { cents }) => sum + cents,
    ),
    toStream('updates'),
    sink('out', totals),
  )
  placed.pipe(reduce('largest', (one, other) => (other.cents > one.cents ? other : one)))
})

export interface Shop {
  /** Begins an instance: a worker and its admin server. */
  open(options?: OpenOptions): Promise<Instance>
  /** Writes an order of the user at the time. */
  order(user: string, order: Omit<Order, 'user'>, timestamp: number): Promise<void>
  put(topic: string, key: string, value: unknown, timestamp: number): Promise<void>
  close(): Promise<void>
}

export interface OpenOptions extends Partial<AdminOptions & WorkerOptions> {
  /** The name of its folder for state: that of an instance before it, to begin with what that left. */
  readonly standing?: string
  /** As long as it is closed, no state is restored. */
  readonly changelogs?: Gate
}

/** What waits at it goes on when it is open. */
export class Gate {
  #closed: PromiseWithResolvers<void> | undefined

  close(): void {
    this.#closed ??= Promise.withResolvers()
  }

  open(): void {
    this.#closed?.resolve()
    this.#closed = undefined
  }

  async passed(): Promise<void> {
    await this.#closed?.promise
  }
}

export interface Instance {
  readonly admin: Admin
  readonly worker: Worker
  /** Asks for a path, and reads the JSON that comes back. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Got>
  close(): Promise<void>
}

export interface Got {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a spec reads out of JSON
  readonly body: any
}

/** On the embedded log unless on another broker, which is then closed with the shop. */
export async function openShop(on?: Broker): Promise<Shop> {
  const root = mkdtempSync(join(tmpdir(), 'millrace-admin-'))
  const broker = on ?? (await openEmbeddedBroker({ dir: join(root, 'log') }))
  const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
  for (const resource of resourcesOf(shop, 'shop', environment)) await resource.create()
  const producer = await broker.producer({})
  const instances: Instance[] = []
  const put = async (name: string, key: string, value: unknown, timestamp: number) => {
    const bytes = value === null ? null : Buffer.from(JSON.stringify(value))
    await producer.send([
      { topic: name, key: Buffer.from(key), value: bytes, timestamp, headers: NO_HEADERS },
    ])
  }
  return {
    put,
    order: (user, order, timestamp) => put('orders', user, { user, ...order }, timestamp),
    async open({ standing = 'state', changelogs, ...options } = {}) {
      const admin = await startAdmin({ port: 0, topologies: ['shop'], log: SILENT, ...options })
      const worker = await startWorker({
        topology: shop,
        environment: { ...environment, broker: gated(broker, changelogs) },
        stateDir: join(root, standing),
        endpoint: admin.endpoint,
        ...options,
      })
      admin.add({ topology: 'shop', application: 'shop', view: worker.view })
      const instance: Instance = {
        admin,
        worker,
        get: (path, headers) => get(admin.url + path, headers),
        async close() {
          await worker.stop()
          await admin.close()
        },
      }
      instances.push(instance)
      await until('an instance that runs', () => worker.assigned)
      return instance
    },
    async close() {
      for (const instance of instances) await instance.close()
      await producer.close()
      await broker.close()
      rmSync(root, { recursive: true })
    },
  }
}

function gated(broker: Broker, changelogs: Gate | undefined): Broker {
  if (changelogs === undefined) return broker
  const offsets: BrokerAdmin['offsets'] = async (topic) => {
    if (topic.endsWith('-changelog')) await changelogs.passed()
    return broker.admin.offsets(topic)
  }
  return overridden(broker, { admin: { ...broker.admin, offsets } })
}

export async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Got> {
  const response = await fetch(url, { headers })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return { status: response.status, body: isJson ? JSON.parse(text) : text }
}
