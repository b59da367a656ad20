import type { Broker, FetchedBatch, Range } from '../../broker/broker.ts'
import type { TableReader } from '../../ports.ts'
import type { VerifyEnvironment } from '../../verify/topology-hops.ts'
import { leave, paint } from '../up/terminal-block.ts'

const BAR_WIDTH = 30
/** A line on a terminal is painted again after so many milliseconds, and printed elsewhere after so many. */
const PAINTED_EVERY = 200
const PRINTED_EVERY = 10_000

/** What is read of a hop, how much of it is done, and of how much where that is known. */
export type Tell = (hop: string, done: number, total?: number) => void

export interface Progress {
  readonly tell: Tell
  stop(): void
}

/** A bar on a terminal; elsewhere a line every ten seconds, so that what is done at once says nothing. */
export function progressOn(stream: NodeJS.WriteStream, now: () => number = Date.now): Progress {
  const every = stream.isTTY ? PAINTED_EVERY : PRINTED_EVERY
  let last = now()
  let painted = false
  return {
    tell: (hop, done, total) => {
      if (now() - last < every) return
      last = now()
      painted = stream.isTTY
      if (stream.isTTY) paint(stream, [lineOf(hop, done, total, barOf(done, total))])
      else stream.write(`${lineOf(hop, done, total)}\n`)
    },
    stop: () => {
      if (painted) paint(stream, [])
      leave()
    },
  }
}

/** The same servers; what is read of them is told. */
export function told<E extends VerifyEnvironment>(environment: E, tell: Tell): E {
  const { broker, tables } = environment
  const readers = Object.entries(tables).map(([name, reader]) => [name, toldReader(reader, tell)])
  return { ...environment, broker: toldBroker(broker, tell), tables: Object.fromEntries(readers) }
}

function toldBroker(broker: Broker, tell: Tell): Broker {
  return {
    admin: broker.admin,
    upkeep: broker.upkeep,
    consumer: (options) => broker.consumer(options),
    producer: (options) => broker.producer(options),
    transactions: (options) => broker.transactions(options),
    read: (ranges) => readTold(broker, ranges, tell),
    close: () => broker.close(),
  }
}

async function* readTold(broker: Broker, ranges: readonly Range[], tell: Tell): AsyncGenerator<FetchedBatch> {
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  let done = 0
  for await (const batch of broker.read(ranges)) {
    done += batch.records.length
    tell(batch.topic, done, total)
    yield batch
  }
}

function toldReader(reader: TableReader, tell: Tell): TableReader {
  return {
    async *readTable(target, options) {
      let done = 0
      for await (const row of reader.readTable(target, options)) {
        tell(target.name, ++done)
        yield row
      }
    },
  }
}

function lineOf(hop: string, done: number, total: number | undefined, bar = ''): string {
  const of = total === undefined ? '' : ` of ${total.toLocaleString('en-US')}`
  return `verify ${bar}${hop}: ${done.toLocaleString('en-US')}${of} read`
}

function barOf(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return ''
  return `${'='.repeat(Math.round((BAR_WIDTH * Math.min(done, total)) / total)).padEnd(BAR_WIDTH, '-')} `
}
