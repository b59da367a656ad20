import type { AnswerOptions } from './answer.ts'
import type { Answer, Scenario } from './scenario.ts'

/** What answers scenarios. */
export interface Engine {
  /** Whether it has the topology at all. */
  readonly knows: (topology: string) => boolean
  /** Whether it runs the topology on a real broker. */
  readonly runsOn: (broker: 'kafka', topology: string) => boolean
  /** Throws `CONFIG` when nobody has said where the broker is. */
  readonly requireBroker: (broker: 'kafka') => void
  readonly answer: (scenario: Scenario, options: AnswerOptions) => Promise<Answer>
}
