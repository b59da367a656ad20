import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kafkaBroker } from '../connectors/kafka/broker.ts'
import type { Broker } from '../lib/broker/broker.ts'
import {
  CHANGELOG_CONFIG,
  type ChangelogPlace,
  changelogRecords,
  changelogTopic,
  type Meta,
  nextCheckpoint,
} from '../lib/runtime/changelog.ts'
import { restore } from '../lib/runtime/restore.ts'
import type { ChangedEntry } from '../lib/state/changelogged-state.ts'
import { openDiskState } from '../lib/state/disk-state.ts'
import { stockKafkajs } from '../spec/connectors/kafka/stock-kafkajs.ts'
import { withKafka } from './kafka.ts'
import { readStock } from './stock-consumer.ts'
import type { Result } from './workload.ts'

const RECORDS = 1_000_000
const AT_A_TIME = 1000
const ROUNDS = 3
const KEY_BYTES = 15
/** With the key and the byte before it: records of 100 bytes. */
const VALUE_BYTES = 84

/**
 * What a restore reads in a second of a changelog of a million keys of 100 bytes, and what the stock client reads of
 * the same topic without doing anything with it; in turns, each time into an empty folder.
 */
export async function* restoreThroughput(): AsyncIterable<Result> {
  yield* withKafka(async function* (brokers) {
    const broker = kafkaBroker({ brokers })
    const place = { application: `bench-restore-${process.pid}`, partition: 0, stores: ['counts'] }
    try {
      await fill(broker, place)
      const [topic] = place.stores.map((store) => changelogTopic(place.application, store))
      for (let round = 1; round <= ROUNDS; round++) {
        const stock = await readStock(stockKafkajs(), brokers, topic!, RECORDS)
        const restored = await restoreOnce(broker, place)
        const ratio = Math.round((restored.rate / stock.rate) * 100) / 100
        yield {
          workload: 'restore beside the stock client',
          round,
          records: restored.entries,
          'restored records/s': restored.rate,
          'stock client records/s': stock.rate,
          ratio,
          limit: 0.6,
          'peak RSS MB': restored.megabytes,
        }
      }
      yield await afterKill(broker, brokers, place)
    } finally {
      await broker.close()
    }
  })
}

/** Kill -9 when half is read: how much the next attempt reads. */
async function afterKill(broker: Broker, brokers: readonly string[], place: ChangelogPlace): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-state-'))
  try {
    const [store] = place.stores
    const child = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('./restore-process.ts', import.meta.url)),
        brokers.join(),
        place.application,
        store!,
        dir,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const ended = once(child, 'close')
    let at = 0
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      at = Number(text.trimEnd().split('\n').at(-1))
      if (at > RECORDS / 2) child.kill('SIGKILL')
    })
    await ended
    const { entries } = await restoreInto(dir, broker, place)
    return { workload: 'after a kill -9', 'read when killed': at, 'read after it': entries }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

async function fill(broker: Broker, place: ChangelogPlace): Promise<void> {
  const topic = changelogTopic(place.application, place.stores[0]!)
  await broker.admin.createTopic({ topic, partitions: 1, config: CHANGELOG_CONFIG })
  const producer = await broker.producer({ clientId: 'bench' })
  let meta: Meta = {}
  for (let written = 0; written < RECORDS; written += AT_A_TIME) {
    meta = nextCheckpoint(meta, { 'position/in': String(written + AT_A_TIME) })
    const changes = Array.from({ length: AT_A_TIME }, (_, i) => entry(place.stores[0]!, written + i))
    for (const records of changelogRecords(place, changes, meta, Date.now())) await producer.send(records)
  }
  await producer.close()
}

function entry(store: string, number: number): ChangedEntry {
  // Spread as keys are, and not in their order.
  const key = String((number * 7_919) % RECORDS).padStart(KEY_BYTES, 'k')
  return { store, key, value: Buffer.alloc(VALUE_BYTES, String(number)) }
}

async function restoreOnce(broker: Broker, place: ChangelogPlace) {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-state-'))
  try {
    return await restoreInto(dir, broker, place)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

async function restoreInto(dir: string, broker: Broker, place: ChangelogPlace) {
  const backend = await openDiskState(dir)
  let peak = 0
  const watching = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50)
  try {
    const begun = performance.now()
    const { entries } = await restore(broker, place, backend, new AbortController().signal)
    const seconds = (performance.now() - begun) / 1000
    if (backend.bytes(place.stores[0]!).size !== RECORDS) throw new Error('not all keys are restored')
    return { entries, rate: Math.round(entries / seconds), megabytes: Math.round(peak / 1e6) }
  } finally {
    clearInterval(watching)
    await backend.close()
  }
}
