import { once } from 'node:events'
import { expect } from 'chai'
import { type Database, openDatabase } from '../../../connectors/postgres/connection.ts'
import { asLeader } from '../../../connectors/postgres/leadership.ts'
import { createSpecDatabase, type SpecDatabase } from '../../support/spec-database.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

/** Work that lasts until it is told to end. */
const untilAborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort')
}

describe('leadership, on PostgreSQL', () => {
  let spec: SpecDatabase

  before(async () => {
    spec = await createSpecDatabase()
  })
  after(() => spec?.drop())

  it('should let one work at a time, and the next one when it has ended', async () => {
    const order: string[] = []
    const stop = new AbortController()
    const ends = [new AbortController(), new AbortController()]
    const candidates = ends.map((end, i) =>
      asLeader(
        spec.database,
        'one',
        async () => {
          order.push(`${i} begins`)
          await untilAborted(end.signal)
          order.push(`${i} ends`)
        },
        stop.signal,
      ),
    )
    await until('a leader', () => order.length === 1)
    const first = Number(order[0]?.[0])
    ends[first]?.abort()
    await candidates[first]
    await until('the other', () => order.length === 3)
    ends[1 - first]?.abort()
    await candidates[1 - first]
    expect(order).to.deep.equal([
      `${first} begins`,
      `${first} ends`,
      `${1 - first} begins`,
      `${1 - first} ends`,
    ])
  })

  it('should keep names apart, and end a candidate that is told to stop', async () => {
    const stop = new AbortController()
    const leader = asLeader(spec.database, 'a', untilAborted, stop.signal)
    const worked: string[] = []
    await asLeader(spec.database, 'b', async () => void worked.push('b'), stop.signal)
    expect(worked).to.deep.equal(['b'])
    const waiting = asLeader(
      spec.database,
      'a',
      async () => expect.fail('there were two leaders'),
      stop.signal,
    )
    stop.abort()
    await Promise.all([leader, waiting])
  })

  it('should end the work of a leader whose connection breaks, and lead again', async () => {
    const stop = new AbortController()
    let terms = 0
    const leading = asLeader(
      spec.database,
      'broken',
      async (signal) => {
        terms++
        await untilAborted(signal)
      },
      stop.signal,
    )
    await until('a term', () => terms === 1)
    await spec.database.query(
      'end it',
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database =
         (select oid from pg_database where datname = current_database())`,
    )
    await until('another term', () => terms === 2)
    stop.abort()
    await leading
  })

  it('should end the work of a leader whose connection has fallen silent, before the server gives it up', async () => {
    const url = new URL(spec.url)
    const proxy = new TcpProxy(url.host)
    await proxy.listen()
    url.host = proxy.address
    const silent = openDatabase(url.href)
    const stop = new AbortController()
    try {
      let lasted = 0
      const leading = asLeader(
        silent,
        'silent',
        async (signal) => {
          proxy.silence()
          const since = performance.now()
          await untilAborted(signal)
          lasted = performance.now() - since
          stop.abort()
        },
        stop.signal,
      )
      await leading
      // The server's own patience: tcp_keepalives_idle 10 s + 3 × 5 s.
      expect(lasted).to.be.within(4_000, 20_000)
    } finally {
      await proxy.close()
      await silent.close()
    }
  })

  it('should reject with what its work rejects with', async () => {
    const work = async () => {
      throw new Error('the work is wrong')
    }
    const error = await asLeader(spec.database, 'wrong', work, new AbortController().signal).catch(
      (reason: unknown) => reason,
    )
    expect(String(error)).to.include('the work is wrong')
  })

  it('should wait for a database that is away, and say why', async () => {
    const away: Database = openDatabase('postgresql://postgres@127.0.0.1:1/postgres')
    const stop = new AbortController()
    const reasons: string[] = []
    const onWait = (error: unknown) => {
      reasons.push(String(error))
      if (reasons.length === 2) stop.abort()
    }
    await asLeader(away, 'away', untilAborted, stop.signal, onWait)
    expect(reasons[0]).to.include('127.0.0.1:1')
    await away.close()
  })
})
