import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requireJava } from '../../services/java.ts'
import { fetchArtifacts } from '../../services/maven.ts'
import { type Contestant, threadsOf } from '../race/contestant.ts'

export interface KafkaStreamsOptions {
  readonly workload: 'w1' | 'w2' | 'w3'
  readonly guarantee: 'at-least-once' | 'exactly-once'
  readonly threads: number
  /** Of the name, beside guarantee and threads. */
  readonly note?: string
  /** Settings by their names; the rest is as it is by default. */
  readonly config?: Readonly<Record<string, string>>
}

const VERSION = '4.3.1'
const FOLDER = fileURLToPath(new URL('kafka-streams/', import.meta.url))
/** By default it would be a quarter of the machine's memory, and taken, needed or not. */
const HEAP = '-Xmx1g'

/** Kafka Streams' program of a workload: `kafka-streams/src`, built with the JDK's compiler. */
export function kafkaStreams(options: KafkaStreamsOptions): Contestant {
  const { workload, guarantee, threads, note, config } = options
  let classPath = ''
  const settings = {
    'processing.guarantee': guarantee === 'exactly-once' ? 'exactly_once_v2' : 'at_least_once',
    'num.stream.threads': String(threads),
    ...config,
  }
  return {
    name: ['Kafka Streams', guarantee, threadsOf(threads), note].filter(Boolean).join(', '),
    ready: async () => {
      classPath = await built()
    },
    command: ({ brokers, input, output, records, application, folder }) => ({
      argv: [
        requireJava(),
        ...[HEAP, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', classPath, 'bench.Main'],
      ],
      env: {
        WORKLOAD: workload,
        BROKERS: brokers.join(','),
        INPUT: input,
        OUTPUT: output,
        RECORDS: String(records),
        APPLICATION: application,
        FOLDER: folder,
        STREAMS_CONFIG: Object.entries(settings)
          .map(([name, value]) => `${name}=${value}`)
          .join('\n'),
      },
    }),
  }
}

/** Compiles every time: it takes a second or two, and nothing old can be left. */
async function built(): Promise<string> {
  const jars = await fetchArtifacts(
    { name: 'kafka-streams-peer', version: VERSION, pom: join(FOLDER, 'pom.xml') },
    (line) => console.error(line),
  )
  const classes = mkdtempSync(join(tmpdir(), 'millrace-bench-classes-'))
  process.once('exit', () => rmSync(classes, { recursive: true, force: true }))
  const source = join(FOLDER, 'src/bench')
  const files = readdirSync(source).map((file) => join(source, file))
  await promisify(execFile)('javac', ['--release', '17', '-cp', join(jars, '*'), '-d', classes, ...files])
  return `${classes}:${join(jars, '*')}`
}
