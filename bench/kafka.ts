import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka } from '../services/kafka.ts'
import { freePorts } from '../services/ports.ts'

/** Runs on the Kafka of `KAFKA_BROKERS`, or on one that is started for it and stopped behind it: its pid is known. */
export async function* withKafka<T>(
  work: (brokers: readonly string[], pid?: number) => AsyncIterable<T>,
): AsyncIterable<T> {
  if (process.env.KAFKA_BROKERS) {
    yield* work(process.env.KAFKA_BROKERS.split(','))
    return
  }
  const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const [port, internalPort] = await freePorts(2)
  const kafka = await startKafka({ dir, port, internalPort })
  try {
    yield* work([kafka.address], kafka.pid)
  } finally {
    await kafka.stop()
    await rm(dir, { recursive: true, force: true })
  }
}
