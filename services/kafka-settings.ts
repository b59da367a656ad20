import { writeFileSync } from 'node:fs'

export type Settings = Readonly<Record<string, string | number | boolean>>

/** What both Kafkas are told, each a single node for development and tests. */
export const singleNodeSettings: Settings = {
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'group.initial.rebalance.delay.ms': 0,
  'auto.create.topics.enable': false,
  // Old event times would else be deleted within minutes.
  'log.retention.hours': -1,
}

/** Writes a Java properties file; values are plain ASCII without backslashes. */
export function writeProperties(file: string, settings: Settings): void {
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
}
