import { type Contestant, threadsOf } from '../race/contestant.ts'
import { built, java } from './jvm.ts'
import { variablesOf } from './variables.ts'

export interface KafkaStreamsOptions {
  readonly workload: 'w1' | 'w1a' | 'w2' | 'w3' | 'w6'
  readonly guarantee: 'at-least-once' | 'exactly-once'
  readonly threads: number
  /** Of the name, beside guarantee and threads. */
  readonly note?: string
  readonly env?: Readonly<Record<string, string>>
  /** Settings by their names; the rest is as it is by default. */
  readonly config?: Readonly<Record<string, string>>
}

const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'

/** Kafka Streams' program of a workload: `kafka-streams/src`, built with the JDK's compiler. */
export function kafkaStreams(options: KafkaStreamsOptions): Contestant {
  const { workload, guarantee, threads, note, env, config } = options
  let classPath = ''
  const settings = {
    'processing.guarantee': guarantee === 'exactly-once' ? 'exactly_once_v2' : 'at_least_once',
    'num.stream.threads': String(threads),
    ...config,
  }
  return {
    name: ['Kafka Streams', guarantee, threadsOf(threads), note].filter(Boolean).join(', '),
    ready: async () => {
      classPath = await built('kafka-streams')
    },
    command: (run) => ({
      argv: java(classPath, [QUIET]),
      env: {
        ...variablesOf(run),
        ...env,
        WORKLOAD: workload,
        STREAMS_CONFIG: Object.entries(settings)
          .map(([name, value]) => `${name}=${value}`)
          .join('\n'),
      },
    }),
  }
}
