import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePorts, isFree } from '../../services/ports.ts'
import { runServices } from '../support/services-command.ts'

describe('millrace services with a real PostgreSQL', () => {
  let dir: string
  let port: number
  let up: string[]

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-services-'))
    chmodSync(dir, 0o711)
    const [free = 0] = await freePorts(1)
    port = free
    up = ['up', 'postgres', '--dir', dir, '--postgres-port', String(port)]
  })

  after(async () => {
    await runServices(['down', '--dir', dir])
    rmSync(dir, { recursive: true, force: true })
  })

  it('should start it, show progress, and leave it running', async () => {
    const { code, stdout, stderr } = await runServices(up)
    expect(stderr).to.include(`postgres: ready at 127.0.0.1:${port}`)
    expect(stdout).to.match(new RegExp(`^postgres runs at 127.0.0.1:${port} \\(pid \\d+\\)\n$`))
    expect(code).to.equal(0)
  })

  it('should say that it already runs, as a success', async () => {
    const { code, stdout } = await runServices(up)
    expect(stdout).to.include(`postgres already runs at 127.0.0.1:${port}`)
    expect(code).to.equal(0)
  })

  it('should show it as running, with exit code 0 for it and 1 for all four', async () => {
    const one = await runServices(['status', 'postgres', '--dir', dir, '--json'])
    expect(JSON.parse(one.stdout)).to.have.nested.property('[0].state', 'running')
    expect(one.code).to.equal(0)
    const all = await runServices(['status', '--dir', dir])
    expect(all.stdout)
      .to.match(/^postgres +running +pid \d+/m)
      .and.to.match(/^kafka +stopped$/m)
    expect(all.code).to.equal(1)
  })

  it('should print the variables of what runs, and of nothing else', async () => {
    const { code, stdout } = await runServices(['env', '--dir', dir])
    expect(stdout).to.equal(`export DATABASE_URL=postgresql://postgres@127.0.0.1:${port}/postgres\n`)
    expect(code).to.equal(0)
  })

  it('should name port and option where another server has the port', async () => {
    const other = mkdtempSync(join(tmpdir(), 'millrace-services-'))
    const { code, stderr } = await runServices([
      'up',
      'postgres',
      '--dir',
      other,
      '--postgres-port',
      String(port),
    ])
    rmSync(other, { recursive: true })
    expect(stderr).to.include(`port ${port} for PostgreSQL is taken`).and.to.include('--postgres-port')
    expect(code).to.equal(1)
  })

  it('should stop it', async () => {
    const { code, stdout } = await runServices(['down', '--dir', dir])
    expect(stdout)
      .to.match(/^postgres stopped \(pid \d+\)$/m)
      .and.to.match(/^kafka does not run$/m)
    expect(code).to.equal(0)
    expect(await isFree(port)).to.equal(true)
  })
})
