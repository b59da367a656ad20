import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { requireJava } from '../../services/java.ts'
import { servers } from './servers.ts'

/**
 * Runs one of Kafka's own tools (`TopicCommand`, `consumer.ConsoleConsumer`, `consumer.group.ConsumerGroupCommand`)
 * and resolves with what it printed, given `input` to read: a judge that shares no code with ours.
 */
export async function kafkaTool(name: string, args: readonly string[], input = ''): Promise<string> {
  const running = promisify(execFile)(requireJava(), javaArguments(name, args), {
    maxBuffer: 256 * 1024 * 1024,
  })
  running.child.stdin?.end(input)
  return (await running).stdout
}

/** The same for one that goes on until it is killed. */
export function startKafkaTool(
  name: string,
  args: readonly string[],
): ChildProcessByStdio<null, Readable, null> {
  return spawn(requireJava(), javaArguments(name, args), { stdio: ['ignore', 'pipe', 'ignore'] })
}

function javaArguments(name: string, args: readonly string[]): string[] {
  const classPath = join(servers().jars.kafka, '*')
  const jvm = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', classPath]
  return [...jvm, `org.apache.kafka.tools.${name}`, ...args]
}
