import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { type PidFile, pidFilePath, readRunning, writePidFile } from '../../services/pid-file.ts'
import { processIdentity } from '../../services/process-identity.ts'
import { stopServer } from '../../services/stop.ts'

describe('pid file', () => {
  let dir: string
  let bystander: ChildProcess

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-pid-file-'))
    bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await once(bystander, 'spawn')
  })

  afterEach(async () => {
    if (bystander.exitCode === null && bystander.signalCode === null) {
      bystander.kill('SIGKILL')
      await once(bystander, 'exit')
    }
    rmSync(dir, { recursive: true })
  })

  const entry = (pid: number, identity: string): PidFile => ({
    name: 'kafka',
    pid,
    identity,
    port: 1,
    address: '127.0.0.1:1',
    env: { KAFKA_BROKERS: '127.0.0.1:1' },
    dataDir: join(dir, 'kafka', 'data'),
  })

  it('should return the entry while its process runs', () => {
    const pid = bystander.pid as number
    const written = entry(pid, processIdentity(pid) as string)
    writePidFile(dir, written)
    expect(readRunning(dir, 'kafka')).to.deep.equal(written)
  })

  it('should not take a later process with the same number for the server, nor signal it', async () => {
    const pid = bystander.pid as number
    writePidFile(dir, entry(pid, 'an earlier boot/1'))
    expect(readRunning(dir, 'kafka')).to.equal(undefined)
    expect(await stopServer(dir, 'kafka')).to.equal(undefined)
    expect(processIdentity(pid)).to.be.a('string')
  })

  it('should return nothing once the process has ended', async () => {
    const pid = bystander.pid as number
    writePidFile(dir, entry(pid, processIdentity(pid) as string))
    bystander.kill('SIGKILL')
    await once(bystander, 'exit')
    expect(readRunning(dir, 'kafka')).to.equal(undefined)
  })

  it('should stop a server that another process has started and resolve when it is gone', async () => {
    const pid = bystander.pid as number
    writePidFile(dir, entry(pid, processIdentity(pid) as string))
    expect(await stopServer(dir, 'kafka')).to.equal(pid)
    expect(processIdentity(pid)).to.equal(undefined)
    expect(readRunning(dir, 'kafka')).to.equal(undefined)
  })

  it('should count no file and a damaged file as nothing running', () => {
    expect(readRunning(dir, 'kafka')).to.equal(undefined)
    const path = pidFilePath(dir, 'kafka')
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, '{"pid": 1')
    expect(readRunning(dir, 'kafka')).to.equal(undefined)
  })
})
