/** `npm run conformance -- DIR…`: are millrace's answers those of Kafka Streams? `--help` says how to ask. */
import { ACCEPTED_QUIRKS } from './accepted-quirks.ts'
import { answer } from './answer.ts'
import { answerOnKafka, brokersGiven } from './answer-on-kafka.ts'
import { conformance } from './conformance.ts'
import { TOPOLOGIES } from './topologies/index.ts'

process.exitCode = await conformance(
  process.argv.slice(2),
  {
    knows: (topology) => Object.hasOwn(TOPOLOGIES, topology),
    runsOn: () => true,
    requireBroker: brokersGiven,
    answer: (scenario, options) =>
      options.broker === 'kafka'
        ? answerOnKafka(scenario, TOPOLOGIES[scenario.topology]!(scenario.params), brokersGiven())
        : answer(scenario, options),
  },
  ACCEPTED_QUIRKS,
  { out: console.log, error: console.error },
)
