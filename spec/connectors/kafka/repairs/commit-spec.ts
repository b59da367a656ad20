import { expect } from 'chai'
import { type Runner, repairCommit } from '../../../../connectors/kafka/repairs/commit.ts'
import { failureOf } from '../../../conformance/failure-of.ts'
import { stockFile } from '../stock-kafkajs.ts'

type RunnerClass = new (options: object) => Runner & { running: boolean }

function runnerOf(repaired: boolean, commitOffsets: () => Promise<void>): Runner & { running: boolean } {
  const StockRunner = stockFile<RunnerClass>('consumer/runner')
  if (repaired) repairCommit(StockRunner.prototype)
  const logger = { debug() {} }
  return new StockRunner({
    logger: { namespace: () => ({ ...logger, namespace: () => logger }) },
    consumerGroup: { commitOffsets },
    concurrency: 1,
    retry: { initialRetryTime: 1, retries: 3 },
  })
}

describe('kafkajs repair: commit', () => {
  it('should reject a commit that is not made, where the stock client resolves it', async () => {
    const unused = async () => expect.fail('nothing may be committed')
    await runnerOf(false, unused).commitOffsets({})
    expect((await failureOf(runnerOf(true, unused).commitOffsets({}))).code).to.equal('FENCED')
  })

  it('should try once, where the stock client tries again in whatever assignment there is then', async () => {
    for (const [repaired, attempts] of [
      [false, 4],
      [true, 1],
    ] as const) {
      let tried = 0
      const runner = runnerOf(repaired, async () => {
        tried++
        throw new Error('rebalancing')
      })
      runner.running = true
      await runner.commitOffsets({}).catch(() => {})
      expect(tried).to.equal(attempts)
    }
  })
})
