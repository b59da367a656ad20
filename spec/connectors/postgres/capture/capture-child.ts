/**
 * A capture in a process of its own, to be killed. It tells its parent when it comes to a point, if it is given one,
 * and waits there: the kill hits exactly that state. SIGTERM stops it in order.
 */
import { kafkaBroker } from '../../../../connectors/kafka/broker.ts'
import { openCapture } from '../../../../connectors/postgres/capture/capture.ts'
import type { CaptureSpec } from '../../../../connectors/postgres/capture/options.ts'
import type { BrokerProducer } from '../../../../lib/broker/broker.ts'
import { MillraceError, messageOf } from '../../../../lib/errors.ts'
import { encodeRow } from './encode-row.ts'

export interface ChildOptions {
  readonly spec: CaptureSpec
  readonly databaseUrl: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly deadLetterTopic: string
  /** Where to stop, once so many records have been sent by this process. */
  readonly stopAt?: 'before send' | 'while sending' | 'before storing' | 'after storing'
  readonly afterRecords?: number
}

export interface Told {
  readonly point?: string
  readonly failed?: { readonly code: string; readonly message: string }
}

const options: ChildOptions = JSON.parse(process.argv[2] ?? '')
const { stopAt, afterRecords = 0 } = options
const tell = (told: Told) => process.send?.(told)
const atPoint = () => stopAt !== undefined && tell({ point: stopAt })
let sent = 0

function here(point: ChildOptions['stopAt']): boolean {
  return stopAt === point && sent >= afterRecords
}

function stopHere(): Promise<never> {
  atPoint()
  return new Promise(() => setInterval(() => undefined, 60_000))
}

function stopping(producer: BrokerProducer): BrokerProducer {
  return {
    async send(records) {
      if (here('before send')) await stopHere()
      const sending = producer.send(records)
      if (here('while sending')) await stopHere()
      await sending
      sent += records.length
      if (here('before storing')) await stopHere()
    },
    close: () => producer.close(),
  }
}

async function run(producer: BrokerProducer): Promise<void> {
  let position: string | undefined
  const capture = await openCapture({
    ...options.spec,
    databaseUrl: options.databaseUrl,
    topic: options.topic,
    deadLetterTopic: options.deadLetterTopic,
    identity: 'id',
    encode: encodeRow,
    producer: stopping(producer),
    batchRecords: 50,
    heartbeatMs: 200,
    onProgress(status) {
      const moved = position !== undefined && status.position !== position
      position = status.position
      if (moved && here('after storing')) {
        atPoint()
        // Nothing else may happen here: not even the next turn of the event loop.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      }
    },
  })
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort())
  await capture.run(stop.signal)
}

const broker = kafkaBroker({ brokers: options.brokers })
const producer = await broker.producer({})
try {
  await run(producer)
} catch (error) {
  tell({ failed: { code: error instanceof MillraceError ? error.code : 'odd', message: messageOf(error) } })
  process.exitCode = 1
}
await producer.close()
await broker.close()
process.disconnect()
