import { expect } from 'chai'
import { Feed } from '../../../../connectors/postgres/capture/feed.ts'
import { FULL, MIXED } from './pgoutput-fixtures.ts'

describe('feed', () => {
  const BEGIN_LSN = 0x2645270n
  const END_LSN = 0x26453e0n
  const never = new AbortController().signal

  function feed(options: { from?: bigint; table?: string } = {}) {
    const flow: string[] = []
    const unsent: string[] = []
    const made = new Feed({
      schema: 'public',
      table: options.table ?? 't',
      from: options.from ?? 1n,
      flow: { pause: () => flow.push('pause'), resume: () => flow.push('resume') },
      unsent: (what) => unsent.push(what),
    })
    const receive = (...payloads: Buffer[]) => {
      for (const payload of payloads) made.message({ kind: 'data', walEnd: 0n, payload })
    }
    const keepalive = (walEnd: bigint) => made.message({ kind: 'keepalive', walEnd, replyRequested: false })
    return { feed: made, receive, keepalive, flow, unsent }
  }

  const ids = (changes: readonly { row: Record<string, string | null> }[]) => changes.map(({ row }) => row.id)

  it('should reach the commit only with the last change of a transaction', () => {
    const { feed: it, receive } = feed()
    receive(MIXED.begin, MIXED.relation, MIXED.insert, MIXED.updateOfKey, MIXED.commit)
    const first = it.take(1)
    expect([ids(first.changes), first.position]).to.deep.equal([['1'], 1n])
    const second = it.take(1)
    expect([ids(second.changes), second.position]).to.deep.equal([['2'], END_LSN])
  })

  it('should not reach a transaction whose commit has not come', () => {
    const { feed: it, receive, keepalive } = feed()
    receive(MIXED.begin, MIXED.relation, MIXED.insert)
    keepalive(BEGIN_LSN + 5n)
    expect(it.take(10).position).to.equal(1n)
  })

  it('should pass over a transaction without a row of the table', () => {
    const { feed: it, receive } = feed({ table: 'other' })
    receive(MIXED.begin, MIXED.relation, MIXED.insert, MIXED.commit)
    expect(it.take(10)).to.deep.equal({ changes: [], position: END_LSN })
  })

  it('should skip a transaction that was delivered before', () => {
    const { feed: it, receive } = feed({ from: END_LSN })
    receive(MIXED.begin, MIXED.relation, MIXED.insert, MIXED.commit)
    expect(it.take(10)).to.deep.equal({ changes: [], position: END_LSN })
  })

  it('should take a transaction that begins to commit where the last one ended', () => {
    const { feed: it, receive } = feed({ from: BEGIN_LSN })
    receive(MIXED.begin, MIXED.relation, MIXED.insert, MIXED.commit)
    expect(ids(it.take(10).changes)).to.deep.equal(['1'])
  })

  it('should move by a keepalive when nothing is on its way, behind what is', () => {
    const { feed: it, receive, keepalive } = feed()
    keepalive(5n)
    expect(it.take(10).position).to.equal(5n)
    receive(MIXED.begin, MIXED.relation, MIXED.insert, MIXED.updateOfKey, MIXED.commit)
    keepalive(END_LSN + 100n)
    expect(it.take(1).position).to.equal(5n)
    expect(it.take(1).position).to.equal(END_LSN + 100n)
  })

  it('should never go back', () => {
    const { feed: it, keepalive } = feed({ from: 9n })
    keepalive(5n)
    expect(it.take(10).position).to.equal(9n)
  })

  it('should tell deletes and truncates of the table, not of others', () => {
    const { receive, unsent } = feed()
    receive(MIXED.begin, MIXED.relation, MIXED.delete, MIXED.truncate, MIXED.commit)
    expect(unsent).to.deep.equal(['delete', 'truncate'])
    const other = feed({ table: 'other' })
    other.receive(MIXED.begin, MIXED.relation, MIXED.delete, MIXED.truncate, MIXED.commit)
    expect(other.unsent).to.deep.equal([])
  })

  it('should hold the server back while its changes are not taken, and let it go on after', () => {
    const { feed: it, receive, flow } = feed()
    receive(MIXED.begin, FULL.relation)
    for (let i = 0; i < 3_000; i++) receive(FULL.update)
    expect(flow).to.deep.equal(['pause'])
    while (it.take(500).changes.length > 0);
    expect(flow).to.deep.equal(['pause', 'resume'])
  })

  it('should wake up for a change, an abort and a failure', async () => {
    const { feed: it, receive } = feed()
    const woken = it.waiting(60_000, never)
    receive(MIXED.begin, MIXED.relation, MIXED.insert)
    await woken
    it.take(1)
    const abort = new AbortController()
    const aborted = it.waiting(60_000, abort.signal)
    abort.abort()
    await aborted
    const failing = it.waiting(60_000, never)
    it.fail(new Error('gone'))
    const failure = await failing.catch((error: Error) => error.message)
    expect(failure).to.equal('gone')
  })
})
