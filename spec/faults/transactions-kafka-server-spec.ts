import { kafkaTool } from '../support/kafka-tool.ts'
import { servers } from '../support/servers.ts'
import { copiedUnderKills } from './transactions/copied-under-kills.ts'
import { numberIn, PARTITIONS } from './transactions/workload.ts'

describe('transactions on Kafka under kill -9', function () {
  this.timeout(300_000)
  copiedUnderKills({
    records: 40_000,
    transaction: 100,
    lives: 10,
    where: () => ({ kafka: servers().kafkaBrokers }),
    judge: consoleConsumer,
  })
})

/** Kafka's console consumer, read_committed. */
async function consoleConsumer(topic: string, records: number): Promise<number[][]> {
  const printed = await kafkaTool('consumer.ConsoleConsumer', [
    ...['--bootstrap-server', servers().kafkaBrokers, '--topic', topic, '--from-beginning'],
    ...['--isolation-level', 'read_committed', '--max-messages', String(records), '--timeout-ms', '60000'],
    ...['--formatter-property', 'print.partition=true', '--formatter-property', 'print.value=true'],
  ])
  const numbers: number[][] = Array.from({ length: PARTITIONS }, () => [])
  for (const line of printed.trimEnd().split('\n')) {
    const [partition, value] = line.split('\t')
    numbers[Number(partition!.split(':')[1])]!.push(numberIn({ value: Buffer.from(value!) }))
  }
  return numbers
}
