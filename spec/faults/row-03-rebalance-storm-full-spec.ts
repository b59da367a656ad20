import { randomInt } from 'node:crypto'
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { seededRandom } from '../../lib/testing/random.ts'
import { servers } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { CopyStage } from './copy/copy-stage.ts'
import { PARTITIONS } from './copy/workload.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { isFull, rowRecords } from './support/row-records.ts'
import type { RowWorker } from './support/row-worker.ts'

const SESSION_MS = 6000
const STORM_MS = isFull() ? 60_000 : 15_000
/** Records that are written and not yet committed: there is always work. */
const AHEAD = 1000
const MOST_GUESTS = 3

describe('fault row 3: a storm of rebalances', function () {
  this.timeout(600_000)
  const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))
  let stage: CopyStage
  /** Lives through all of it. */
  let host: RowWorker
  let verdict: Verdict
  let comings = 0
  /** The longest time without a commit. Seconds. */
  let standstill = 0
  /** Of the host, before and behind. */
  const sockets: number[] = []

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    stage = await CopyStage.open(servers().kafkaBrokers, SESSION_MS)
    host = stage.worker()
    await stage.write(AHEAD)
    await until('all is committed', () => stage.isCommitted())
    sockets.push(socketsOf(host.pid))
    const storm = new AbortController()
    const flowing = flow(storm.signal)
    await blow(seededRandom(seed))
    storm.abort()
    await flowing
    await until('all is committed', () => stage.isCommitted())
    await host.until(() => host.assigned === PARTITIONS)
    // Those of an assignment that has ended are closed behind it.
    await until('the host has let go', () => socketsOf(host.pid) <= sockets[0]!)
    sockets.push(socketsOf(host.pid))
    verdict = await stage.concluded(host, {
      row: 3,
      fault: `workers came and went ${comings} times in ${STORM_MS / 1000} s`,
      kills: comings,
      recoverySeconds: standstill,
    })
  })
  after(() => stage?.clear())

  /** One to three guests, of which every one to three seconds one comes, or one goes: in order, or by kill -9. */
  async function blow(random: () => number): Promise<void> {
    const guests: RowWorker[] = []
    for (const end = performance.now() + STORM_MS; performance.now() < end; comings++) {
      const comes = guests.length === 0 || (guests.length < MOST_GUESTS && random() < 0.5)
      if (comes) guests.push(stage.worker())
      else
        guests
          .splice(Math.floor(random() * guests.length), 1)[0]!
          .signal(random() < 0.3 ? 'SIGKILL' : 'SIGTERM')
      await delay(1000 + 2000 * random())
    }
    for (const guest of guests) guest.stop()
    await Promise.all(guests.map((guest) => guest.ended))
  }

  /** Keeps work at hand, up to the row's records and beyond, and notes standstills. */
  async function flow(storm: AbortSignal): Promise<void> {
    let committed = await stage.committed()
    for (let since = performance.now(); !storm.aborted || stage.written < rowRecords(); await delay(100)) {
      const now = await stage.committed()
      standstill = Math.max(standstill, (performance.now() - since) / 1000)
      if (now > committed) since = performance.now()
      committed = now
      if (stage.written - committed < AHEAD) await stage.write(AHEAD)
    }
  }

  it('should lose nothing, show nothing twice, and keep the order of each key', () => {
    expect(verdict).to.deep.equal(CLEAN)
  })

  it('should never have stood still for longer than 15 seconds', () => {
    expect(comings).to.be.above(STORM_MS / 3000 - 1)
    expect(standstill).to.be.below(15)
  })

  it('should have left no connection of an earlier assignment open', () => {
    expect(sockets[1]).to.be.at.most(sockets[0]!)
  })
})

function socketsOf(pid: number): number {
  const open = readdirSync(`/proc/${pid}/fd`)
  const targets = open.map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return targets.filter((target) => target.startsWith('socket:')).length
}
