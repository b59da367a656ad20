import type { Contestant } from '../race/contestant.ts'
import { built, java } from './jvm.ts'
import { variablesOf } from './variables.ts'

export interface SparkOptions {
  readonly workload: 'w1' | 'w2'
  /** Takes what comes until it is told to end, by its default trigger. Default: what is there, as one micro-batch. */
  readonly live?: boolean
}

/** What spark-submit says for it on this Java. (JavaModuleOptions) */
const OPENED = [
  ...['java.lang', 'java.lang.invoke', 'java.lang.reflect', 'java.io', 'java.net', 'java.nio', 'java.util'],
  ...[
    'java.util.concurrent',
    'java.util.concurrent.atomic',
    'sun.nio.ch',
    'sun.nio.cs',
    'sun.security.action',
  ],
  'sun.util.calendar',
].flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`])

/** Spark Structured Streaming's program of a workload: `spark/src`, in one JVM on two threads. */
export function spark({ workload, live = false }: SparkOptions): Contestant {
  let classPath = ''
  return {
    name: 'Spark Structured Streaming, 2 threads',
    ready: async () => {
      classPath = await built('spark')
    },
    command: (run) => ({
      argv: java(classPath, OPENED),
      env: { ...variablesOf(run), WORKLOAD: workload, LIVE: String(live) },
    }),
  }
}
