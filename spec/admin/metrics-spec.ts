import { expect } from 'chai'
import { until } from '../support/until.ts'
import { type Instance, openShop, type Shop } from './shop.ts'

const NOON = Date.parse('2026-11-22T12:00:00Z')

describe('figures over HTTP', function () {
  this.timeout(60_000)
  let shop: Shop
  let instance: Instance
  let text = ''

  before(async () => {
    shop = await openShop()
    instance = await shop.open({ now: () => NOON + 60_000 })
    await shop.order('ann', { country: 'de', cents: 100 }, NOON)
    await shop.order('bob', { country: 'de', cents: 250 }, NOON)
    await until('both orders counted and committed', async () => {
      text = (await instance.get('/metrics')).body
      return figure('millrace_state_entries', { store: 'orders-per-country' }) === 1 && lag() === 0
    })
  })
  after(() => shop.close())

  /** The sum over all lines that have these labels. */
  const figure = (name: string, labels: Readonly<Record<string, string>> = {}) => {
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const found = lines.filter((line) => wanted.every((label) => line.includes(label)))
    return found.length === 0
      ? undefined
      : found.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }
  const lag = () => figure('millrace_lag_records', { topic: 'orders' })

  it('should be in the format of Prometheus, each family once', () => {
    const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name)
    expect(new Set(families).size).to.equal(families.length)
    for (const line of text.split('\n')) {
      expect(line).to.match(/^(# (HELP|TYPE) .+|[a-z][a-z0-9_]*(\{([a-zA-Z_]+="[^"]*",?)*\})? \S+)?$/)
    }
  })

  it('should count what happens at each step', () => {
    expect(
      figure('millrace_step_events_total', { topology: 'shop', step: 'orders', event: 'records' }),
    ).to.equal(2)
    expect(figure('millrace_step_events_total', { step: 'out', event: 'written' })).to.equal(2)
  })

  it('should tell positions and lag of every input partition, in records and in time', () => {
    expect(figure('millrace_position', { topic: 'orders' })).to.equal(2)
    expect(figure('millrace_lag_seconds', { topic: 'orders' })).to.equal(0)
    const partitions = text.match(/^millrace_lag_records\{topology="shop",topic="orders",partition="\d"\}/gm)
    expect(partitions).to.have.length(3)
  })

  it('should tell what state there is, by task and store', () => {
    expect(figure('millrace_state_entries', { store: 'largest', role: 'active' })).to.equal(2)
    expect(figure('millrace_state_bytes', { topology: 'shop' })).to.be.greaterThan(0)
    expect(figure('millrace_tasks', { role: 'active' })).to.equal(12)
    expect(figure('millrace_tasks', { role: 'standby' })).to.equal(0)
  })

  it('should tell how long commits take', () => {
    const commits = figure('millrace_commit_duration_seconds_count')!
    expect(commits).to.be.greaterThan(1)
    expect(figure('millrace_commit_duration_seconds_bucket', { le: '+Inf' })).to.equal(commits)
    expect(figure('millrace_commit_duration_seconds_sum')).to.be.greaterThan(0)
  })

  it('should tell of the group, and of the process', () => {
    expect(figure('millrace_rebalances_total')).to.be.greaterThan(0)
    expect(figure('millrace_retakes_total')).to.equal(0)
    expect(figure('millrace_workers', { state: 'running' })).to.equal(1)
    expect(figure('process_resident_memory_bytes')).to.be.greaterThan(1e6)
  })

  it('should count threads of one topology together', async () => {
    const { view } = instance.worker
    instance.admin.add({ topology: 'shop', application: 'shop', view })
    const before = figure('millrace_step_events_total', { step: 'orders', event: 'records' })!
    text = (await instance.get('/metrics')).body
    expect(figure('millrace_step_events_total', { step: 'orders', event: 'records' })).to.equal(2 * before)
  })
})
