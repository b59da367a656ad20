import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runServices } from '../support/services-command.ts'

describe('millrace services', () => {
  let dir: string

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-services-'))
  })

  after(() => rmSync(dir, { recursive: true }))

  it('should refuse an unknown name with exit code 2 and the names to choose from', async () => {
    const { code, stderr } = await runServices(['up', 'kafak', '--dir', dir])
    expect(stderr)
      .to.include('kafak')
      .and.to.include('kafka, registry, postgres, cassandra, all, kafka-zookeeper')
    expect(code).to.equal(2)
  })

  it('should show all four as stopped, with exit code 1', async () => {
    const { code, stdout } = await runServices(['status', '--json', '--dir', dir])
    const states = JSON.parse(stdout).map(({ name, state }: { name: string; state: string }) => [name, state])
    expect(states).to.deep.equal([
      ['kafka', 'stopped'],
      ['registry', 'stopped'],
      ['postgres', 'stopped'],
      ['cassandra', 'stopped'],
    ])
    expect(code).to.equal(1)
  })

  it('should show the Kafka with ZooKeeper, which is not one of all, as two processes', async () => {
    const { stdout } = await runServices(['status', 'kafka-zookeeper', '--dir', dir])
    expect(stdout).to.equal('kafka-zookeeper stopped\nzookeeper       stopped\n')
  })

  it('should print no variables for what does not run', async () => {
    const { code, stdout, stderr } = await runServices(['env', 'kafka', '--dir', dir])
    expect(stdout).to.equal('')
    expect(stderr).to.include('millrace services up kafka')
    expect(code).to.equal(1)
  })

  it('should find nothing to stop, which is no failure', async () => {
    const { code, stdout } = await runServices(['down', 'postgres', '--dir', dir])
    expect(stdout).to.equal('postgres does not run\n')
    expect(code).to.equal(0)
  })
})
