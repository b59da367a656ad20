import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import { requireJava } from '../../services/java.ts'
import { fetchArtifacts } from '../../services/maven.ts'

describe('fetching servers', () => {
  const { PATH, JAVA_HOME, MILLRACE_CACHE_DIR } = process.env
  let empty: string

  beforeEach(() => {
    empty = mkdtempSync(join(tmpdir(), 'millrace-fetch-'))
    Object.assign(process.env, { PATH: empty, MILLRACE_CACHE_DIR: empty })
    delete process.env.JAVA_HOME
  })

  afterEach(() => {
    for (const [name, value] of Object.entries({ PATH, JAVA_HOME, MILLRACE_CACHE_DIR })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    rmSync(empty, { recursive: true })
  })

  it('should say what to install where Maven is missing', async () => {
    const error: unknown = await fetchArtifacts({ name: 'kafka', version: '0' }, () => {}).catch(
      (reason) => reason,
    )
    expect(error).to.be.instanceOf(MillraceError)
    expect((error as Error).message)
      .to.include('mvn')
      .and.to.include('apt-get install maven')
  })

  it('should not need Maven for what is cached', async () => {
    mkdirSync(join(empty, 'kafka-0'))
    expect(await fetchArtifacts({ name: 'kafka', version: '0' }, () => {})).to.equal(join(empty, 'kafka-0'))
  })

  it('should say what to install where Java is missing', () => {
    expect(requireJava).to.throw(MillraceError, /Java 17.*openjdk-17/)
  })

  it('should name JAVA_HOME where it holds no Java', () => {
    process.env.JAVA_HOME = empty
    expect(requireJava).to.throw(MillraceError, join(empty, 'bin', 'java'))
  })
})
