import { type ChildProcess, fork } from 'node:child_process'
import { on, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { BrokerHarness, numbered, uniqueName } from '../../conformance/broker-harness.ts'
import { logFolder } from './log-folder.ts'

const script = fileURLToPath(new URL('member-process.ts', import.meta.url))

interface Said {
  readonly owned?: number
  readonly commit?: string
}

describe('members of other processes in the embedded log', () => {
  const dir = logFolder()
  const children: ChildProcess[] = []
  let harness: BrokerHarness

  before(async () => {
    harness = new BrokerHarness(await openEmbeddedBroker({ dir, timing: { session: 400, heartbeat: 100 } }))
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await harness.broker.close()
  })

  const start = async (group: string, topic: string) => {
    const child = fork(script, [dir, group, topic])
    children.push(child)
    const messages = on(child, 'message') as AsyncIterator<[Said]>
    const until = async (holds: (said: Said) => boolean): Promise<Said> => {
      for (;;) {
        const [said] = (await messages.next()).value
        if (holds(said)) return said
      }
    }
    return { child, until }
  }

  it('should lose their partitions when they are killed', async () => {
    const [topic, group] = [await harness.topic(2), uniqueName('group')]
    const { child, until } = await start(group, topic)
    await until(({ owned }) => owned === 2)
    const { seen } = await harness.consume({ group, topics: [topic] })
    await until(({ owned }) => owned === 1)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await seen.until(({ owned }) => owned.length === 2)
    await harness.stopConsumers()
  })

  it('should lose their partitions when they are silent, and commit nothing when they wake', async () => {
    const [topic, group] = [await harness.topic(2), uniqueName('group')]
    await harness.produce(numbered(topic, 10, { partition: 0 }))
    const { child, until } = await start(group, topic)
    await until(({ owned }) => owned === 2)
    child.kill('SIGSTOP')
    const { seen, consumer } = await harness.consume({ group, topics: [topic] })
    await seen.until(({ owned }) => owned.length === 2)
    await consumer.commit(seen.generation, [{ topic, partition: 0, offset: 7 }])
    child.send('commit')
    child.kill('SIGCONT')
    const { commit } = await until((said) => said.commit !== undefined)
    expect(commit).to.be.oneOf(['FENCED', 'UNREACHABLE'])
    // It joins again, and what was committed meanwhile stands.
    await until(({ owned }) => owned === 1)
    expect(await harness.broker.admin.committed(group, [topic])).to.deep.equal([
      { topic, partition: 0, offset: 7 },
    ])
    await harness.stopConsumers()
  })
})
