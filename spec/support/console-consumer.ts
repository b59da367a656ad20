import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { kafkaTool, startKafkaTool } from './kafka-tool.ts'
import { servers } from './servers.ts'

/** A record as Kafka's own console consumer shows it. */
export interface ShownRecord {
  readonly timestamp: number
  readonly partition: number
  readonly offset: number
  readonly headers: ReadonlyMap<string, string>
  readonly key: Buffer | null
  readonly value: Buffer | null
}

const BYTES = 'org.apache.kafka.common.serialization.BytesDeserializer'
/** Neither can occur in a printed key or value: `Bytes` prints all but plain characters as `\xNN`. */
const FIELD = '\t'
const HEADER = '\u0001'
const END = '\u0002'
const NULL = '<no bytes at all>'

/** One partition from its start, up to and without offset `end`, byte by byte. */
export async function consumeTopic(topic: string, end: number, partition = 0): Promise<ShownRecord[]> {
  if (end === 0) return []
  const from = ['--partition', String(partition), '--offset', 'earliest', '--max-messages', String(end)]
  return consume(servers().kafkaBrokers, topic, from)
}

/** All partitions from their starts to the ends that Kafka's own offset tool shows. */
export async function consumeWholeTopic(brokers: string, topic: string): Promise<ShownRecord[]> {
  const ends = await kafkaTool('GetOffsetShell', ['--bootstrap-server', brokers, '--topic', topic])
  const records = ends
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line.split(':')[2]), 0)
  if (records === 0) return []
  return consume(brokers, topic, ['--from-beginning', '--max-messages', String(records)])
}

/**
 * What is committed, of all partitions, up to marks that are written behind it: how many records that is, no offset
 * tells where there are transactions.
 */
export async function consumeCommitted(brokers: string, topic: string): Promise<ShownRecord[]> {
  const mark = `end-${randomUUID()}`
  const partitions = await markEnds(brokers, topic, mark)
  const consumer = startKafkaTool('consumer.ConsoleConsumer', [
    ...['--bootstrap-server', brokers, '--topic', topic, '--from-beginning'],
    ...['--isolation-level', 'read_committed', '--timeout-ms', '120000', ...formatted()],
  ])
  const shown: ShownRecord[] = []
  let rest = ''
  let marks = 0
  for await (const printed of consumer.stdout.setEncoding('utf8')) {
    const lines = (rest + printed).split(END)
    rest = lines.pop()!
    for (const record of lines.map(parse)) {
      if (record.value?.toString() === mark) marks++
      else shown.push(record)
    }
    if (marks === partitions) break
  }
  if (consumer.exitCode === null && consumer.signalCode === null) {
    consumer.kill('SIGKILL')
    await once(consumer, 'exit')
  }
  if (marks < partitions) throw new Error(`Kafka's console consumer showed ${marks} ends of ${partitions}`)
  return shown
}

/** Committed records of all partitions, until none has come for 15 s: for topics into which no mark may be written. */
export function consumeUntilQuiet(brokers: string, topic: string): Promise<ShownRecord[]> {
  return consume(brokers, topic, ['--from-beginning', '--isolation-level', 'read_committed'], 15_000)
}

/** Resolves with the number of partitions. */
async function markEnds(brokers: string, topic: string, mark: string): Promise<number> {
  const broker = kafkaBroker({ brokers: brokers.split(',') })
  try {
    const ranges = await broker.admin.offsets(topic)
    const producer = await broker.producer({})
    const record = { topic, key: null, value: Buffer.from(mark), timestamp: Date.now(), headers: NO_HEADERS }
    await producer.send(ranges.map(({ partition }) => ({ ...record, partition })))
    await producer.close()
    return ranges.length
  } finally {
    await broker.close()
  }
}

async function consume(
  brokers: string,
  topic: string,
  from: readonly string[],
  patience = 120_000,
): Promise<ShownRecord[]> {
  const printed = await kafkaTool('consumer.ConsoleConsumer', [
    ...['--bootstrap-server', brokers, '--topic', topic, ...from, '--timeout-ms', String(patience)],
    ...formatted(),
  ])
  return printed
    .split(END)
    .filter((line) => line.includes(FIELD))
    .map(parse)
}

function formatted(): string[] {
  const shown = ['timestamp', 'partition', 'offset', 'headers', 'key', 'value'].map(
    (what) => `print.${what}=true`,
  )
  const properties = [
    ...shown,
    `key.separator=${FIELD}`,
    `headers.separator=${HEADER}`,
    `line.separator=${END}`,
    `null.literal=${NULL}`,
    `key.deserializer=${BYTES}`,
    `value.deserializer=${BYTES}`,
  ]
  return properties.flatMap((property) => ['--formatter-property', property])
}

function parse(line: string): ShownRecord {
  const [timestamp, partition, offset, headers, key, value] = line.split(FIELD)
  return {
    timestamp: Number(timestamp!.split(':')[1]),
    partition: Number(partition!.split(':')[1]),
    offset: Number(offset!.split(':')[1]),
    headers: new Map(
      headers!.split(HEADER).map((header) => {
        const colon = header.indexOf(':')
        return [header.slice(0, colon), header.slice(colon + 1)]
      }),
    ),
    key: bytesOf(key!),
    value: bytesOf(value!),
  }
}

function bytesOf(printed: string): Buffer | null {
  if (printed === NULL) return null
  const text = printed.replace(/\\x([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}
