import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { MillraceError } from '../lib/errors.ts'

const oldestJava = 17

/** Path of a Java of at least 17: from JAVA_HOME if set, else from PATH. Throws naming what to install. */
export function requireJava(): string {
  const home = process.env.JAVA_HOME
  const java = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java')
  const version = javaVersion(java)
  if (version === undefined || version < oldestJava) {
    const found = version === undefined ? `${java} does not run` : `${java} is Java ${version}`
    throw unavailable(
      `Kafka, registry and Cassandra need Java ${oldestJava}, but ${found}: ${howToInstallJava}`,
    )
  }
  return java
}

/** Path of Maven, which fetches the servers. Throws naming what to install. */
export function requireMaven(): string {
  if (spawnSync('mvn', ['--version'], { stdio: 'ignore' }).status === 0) return 'mvn'
  throw unavailable(
    'Maven fetches the servers, but mvn does not run: install it ' +
      '(Debian/Ubuntu: apt-get install maven; macOS: brew install maven)',
  )
}

const howToInstallJava =
  'install it (Debian/Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17) ' +
  'or set JAVA_HOME to one'

function javaVersion(java: string): number | undefined {
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' })
  const major = /version "(\d+)/.exec(stderr ?? '')?.[1]
  return major === undefined ? undefined : Number(major)
}

function unavailable(message: string): MillraceError {
  return new MillraceError('UNREACHABLE', message, { retriable: false })
}
