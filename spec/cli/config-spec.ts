import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { config, type Variable } from '../../lib/cli/config.ts'
import { MillraceError } from '../../lib/errors.ts'

function refusal(needs: readonly Variable[], env: NodeJS.ProcessEnv): string {
  try {
    config(needs, env)
  } catch (error) {
    expect(error).to.be.instanceOf(MillraceError).with.property('code', 'CONFIG')
    return (error as Error).message
  }
  throw new Error('expected it to be refused')
}

describe('configuration', () => {
  it('should read what is given, and defaults for what need not be', () => {
    const env = {
      KAFKA_BROKERS: 'a:9092, b:9093',
      SCHEMA_REGISTRY_URL: 'https://user:pw@registry/api',
      DATABASE_URL: 'postgres://u@db/x?sslmode=require',
      RANDOM_USER_RESULTS: '7',
    }
    expect(config(['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL'], env)).to.deep.equal({
      KAFKA_BROKERS: ['a:9092', 'b:9093'],
      SCHEMA_REGISTRY_URL: env.SCHEMA_REGISTRY_URL,
      DATABASE_URL: env.DATABASE_URL,
    })
    expect(
      config(['RANDOM_USER_RESULTS', 'RANDOM_USER_SEED', 'CASSANDRA_KEYSPACE', 'CASSANDRA_LOCAL_DC'], env),
    ).to.deep.equal({
      RANDOM_USER_RESULTS: 7,
      RANDOM_USER_SEED: 'millrace',
      CASSANDRA_KEYSPACE: 'insights',
      CASSANDRA_LOCAL_DC: 'datacenter1',
    })
  })

  it('should name all that are missing at once, with an example and the cure; an empty one is missing', () => {
    const message = refusal(['KAFKA_BROKERS', 'DATABASE_URL', 'RANDOM_USER_URL'], { KAFKA_BROKERS: '' })
    expect(message)
      .to.include('set KAFKA_BROKERS, DATABASE_URL, RANDOM_USER_URL')
      .and.include('KAFKA_BROKERS=127.0.0.1:9092')
      .and.include('millrace services env')
  })

  const wrong: Partial<Record<Variable, readonly string[]>> = {
    KAFKA_BROKERS: ['s3cret', 's3cret:port', 'a:9092,,b:9092', 'a:0', 'a:65536', 'a b:9092'],
    SCHEMA_REGISTRY_URL: ['s3cret', 'ftp://s3cret', 'http:'],
    DATABASE_URL: ['s3cret', 'mysql://u:s3cret@h/d', 'host=h password=s3cret'],
    CASSANDRA_CONTACT_POINTS: ['s3cret', ':9042', 'a:9042,b'],
    CASSANDRA_KEYSPACE: ['a-b', '1a', 'x'.repeat(49)],
    RANDOM_USER_URL: ['s3cret', 'file:///etc/passwd'],
    RANDOM_USER_RESULTS: ['0', '5001', '1.5', 'many'],
    MILLRACE_LOG: ['loud'],
  }
  for (const [name, values] of Object.entries(wrong)) {
    it(`should refuse what ${name} can not be, say what it must be, and not repeat it`, () => {
      for (const value of values) {
        const message = refusal([name as Variable], { [name]: value })
        expect(message, value).to.match(
          new RegExp(`^${name} must be [a-zA-Z0-9 :/,_]+( \\(e\\.g\\. ${name}=.*\\))?$`),
        )
        expect(message, value).to.not.include('s3cret')
      }
    })
  }

  it('should name every wrong one', () => {
    const message = refusal(['KAFKA_BROKERS', 'DATABASE_URL'], { KAFKA_BROKERS: 'x', DATABASE_URL: 'y' })
    expect(message).to.include('KAFKA_BROKERS must be').and.include('DATABASE_URL must be')
  })

  describe('from files', () => {
    let dir: string
    before(() => {
      dir = mkdtempSync(join(tmpdir(), 'millrace-config-'))
    })
    after(() => rmSync(dir, { recursive: true }))

    it('should read a secret from the file that X_FILE names, without its line end', () => {
      const file = join(dir, 'url')
      writeFileSync(file, 'postgresql://u:p@h/d\n')
      expect(config(['DATABASE_URL'], { DATABASE_URL_FILE: file })).to.deep.equal({
        DATABASE_URL: 'postgresql://u:p@h/d',
      })
    })

    it('should refuse X beside X_FILE', () => {
      const env = { DATABASE_URL: 'postgresql://u:s3cret@h/d', DATABASE_URL_FILE: join(dir, 'any') }
      expect(refusal(['DATABASE_URL'], env)).to.equal(
        'DATABASE_URL and DATABASE_URL_FILE are both set; unset one',
      )
    })

    it('should name the variable of a file that is not there', () => {
      const message = refusal(['DATABASE_URL'], { DATABASE_URL_FILE: join(dir, 'nothing') })
      expect(message).to.match(/^DATABASE_URL_FILE can't be read: .*nothing/)
    })

    it('should not repeat what a file holds that is no such value', () => {
      const file = join(dir, 'wrong')
      writeFileSync(file, 's3cret')
      expect(refusal(['DATABASE_URL'], { DATABASE_URL_FILE: file }))
        .to.match(/^DATABASE_URL must be/)
        .and.not.include('s3cret')
    })
  })
})
