import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Ended, runMillrace } from '../support/millrace.ts'

const SECRET = 's3cret'
const INSIGHTS = 'topologies/user-insights.ts'
const SERVERS = {
  KAFKA_BROKERS: '127.0.0.1:1',
  SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
  DATABASE_URL: `postgresql://user:${SECRET}@127.0.0.1:1/db`,
  CASSANDRA_CONTACT_POINTS: '127.0.0.1:1',
  RANDOM_USER_URL: 'http://127.0.0.1:1/api/',
} as const
type Server = keyof typeof SERVERS

/** Which servers each command works on. */
const COMMANDS: Readonly<Record<string, readonly Server[]>> = {
  [`run ${INSIGHTS}`]: ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL', 'CASSANDRA_CONTACT_POINTS'],
  'ingest --once': ['RANDOM_USER_URL', 'DATABASE_URL'],
  capture: ['DATABASE_URL', 'KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL'],
  'up --once': Object.keys(SERVERS) as Server[],
  plan: ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL', 'CASSANDRA_CONTACT_POINTS'],
  apply: ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL', 'CASSANDRA_CONTACT_POINTS'],
  [`reset ${INSIGHTS}`]: ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL', 'CASSANDRA_CONTACT_POINTS'],
  'dlq ls users.raw.dlq': ['KAFKA_BROKERS'],
  'dlq show users.raw.dlq': ['KAFKA_BROKERS'],
  'dlq redrive users.raw.dlq --all': ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL'],
  [`dlq redrive ${INSIGHTS} --all`]: [
    'KAFKA_BROKERS',
    'SCHEMA_REGISTRY_URL',
    'DATABASE_URL',
    'CASSANDRA_CONTACT_POINTS',
  ],
  verify: ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL', 'CASSANDRA_CONTACT_POINTS'],
  [`replay diff v2 ${INSIGHTS}`]: [
    'KAFKA_BROKERS',
    'SCHEMA_REGISTRY_URL',
    'DATABASE_URL',
    'CASSANDRA_CONTACT_POINTS',
  ],
  [`replay clean v2 ${INSIGHTS}`]: [
    'KAFKA_BROKERS',
    'SCHEMA_REGISTRY_URL',
    'DATABASE_URL',
    'CASSANDRA_CONTACT_POINTS',
  ],
  [`replay promote v2 ${INSIGHTS} --yes`]: [
    'KAFKA_BROKERS',
    'SCHEMA_REGISTRY_URL',
    'DATABASE_URL',
    'CASSANDRA_CONTACT_POINTS',
  ],
  [`replay rollback v2 ${INSIGHTS}`]: [
    'KAFKA_BROKERS',
    'SCHEMA_REGISTRY_URL',
    'DATABASE_URL',
    'CASSANDRA_CONTACT_POINTS',
  ],
}

const run = (command: string, env: Record<string, string> = {}) =>
  runMillrace(command.split(' ').filter(Boolean), env)

/** Four at a time: each is a process of its own. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all([worker(), worker(), worker(), worker()])
}

/** One line on stderr that says it, exit code 2, nothing that only a debugger understands, no secret. */
function expectRefusal({ code, stdout, stderr }: Ended, what: RegExp): void {
  expect(stderr).to.match(what)
  expect(code, stderr).to.equal(2)
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('(')),
  ).to.have.length(1)
  expect(stdout + stderr)
    .to.not.include(SECRET)
    .and.not.match(/\n\s+at /)
}

describe('a command with a wrong variable', () => {
  for (const [command, needs] of Object.entries(COMMANDS)) {
    it(`should be refused: ${command}`, async () => {
      const [only] = needs
      const [missing, malformed, twice] = await Promise.all([
        // What needs one server alone would go to it.
        needs.length > 1 ? run(command, { [only!]: SERVERS[only!] }) : undefined,
        run(`${command} --json`, { ...SERVERS, [only!]: `//${SECRET}` }),
        run(command, { ...SERVERS, [`${only}_FILE`]: '/nowhere' }),
      ])
      for (const name of needs.slice(1)) expectRefusal(missing!, new RegExp(`^millrace: set .*${name}`))
      expectRefusal(malformed!, new RegExp(`^millrace: ${only} must be`))
      const { error } = JSON.parse(malformed!.stdout)
      expect(error.code).to.equal('CONFIG')
      expect(error.message).to.match(new RegExp(`^${only} must be`))
      expectRefusal(twice!, new RegExp(`^millrace: ${only} and ${only}_FILE are both set`))
    })
  }
})

describe('a command called wrongly', () => {
  let dir: string
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-usage-'))
  })
  after(() => rmSync(dir, { recursive: true }))

  const cases: readonly (readonly [string, RegExp])[] = [
    ['nonsense', /unknown command 'nonsense'/],
    ['run', /missing required argument 'file'/],
    ['run nope.ts', /no topology file at .*nope\.ts/],
    ['run a.ts --batch-records 0', /a whole number from 1 to 1000000 is needed/],
    ['run a.ts --batch-wait soon', /"soon" is no duration/],
    [`run ${INSIGHTS} ${INSIGHTS} --application-id x`, /--application-id goes with one topology file/],
    ['ingest --once --results 9999', /a whole number from 1 to 5000 is needed/],
    ['capture --nope', /unknown option '--nope'/],
    ['up --nope', /unknown option '--nope'/],
    ['plan nope.ts', /no topology file at .*nope\.ts/],
    ['apply nope.ts', /no topology file at .*nope\.ts/],
    ['verify --nope', /unknown option '--nope'/],
    ['verify --yes', /--yes goes with --repair/],
    ['verify --from 2026-01-02 --to 2026-01-01', /--from must be before --to/],
    ['verify --from soon', /Give a time such as/],
    ['describe', /missing required argument 'file'/],
    ['describe nope.ts', /no topology file at .*nope\.ts/],
    ['services up mysql', /unknown service mysql: choose from kafka/],
    ['services bogus', /unknown command 'bogus'/],
    ['types nope', /no directory nope/],
  ]
  it('should say so, on stderr and as JSON if asked to', async () => {
    await inTurns(cases, async ([command, what]) => {
      const ended = await run(`${command} --json`)
      expectRefusal(ended, what)
      expect(JSON.parse(ended.stdout).error, command).to.have.property('message').that.matches(what)
    })
  })

  const files: readonly (readonly [string, RegExp])[] = [
    ['export default topology(', /can't be loaded: Expression expected/],
    ['export const x = 1', /has no topology as its default export/],
    ['export default { nodes: 1 }', /has no topology as its default export/],
    ["import 'no-such-package'", /can't be loaded: Cannot find package 'no-such-package'/],
    ["throw new Error('while loading')", /can't be loaded: while loading/],
    ['enum A { B }', /can't be loaded: TypeScript enum is not supported/],
  ]
  it('should name a topology file that is none, and why', async () => {
    await inTurns([...files.entries()], async ([i, [text, said]]) => {
      const file = join(dir, `${i}.ts`)
      writeFileSync(file, text)
      for (const command of ['run', 'describe']) {
        const ended = await run(`${command} ${file}`)
        expectRefusal(ended, said)
        expect(ended.stderr).to.include(file)
      }
    })
  })
})

describe('help', () => {
  const commands = [
    '',
    'run',
    'ingest',
    'capture',
    'up',
    'plan',
    'explain',
    'apply',
    'describe',
    'verify',
    'dlq',
    'dlq ls',
    'dlq show',
    'dlq redrive',
    'types',
    'services',
    'services up',
  ]
  it('should be on stdout, with exit code 0, for every command', async () => {
    await inTurns(commands, async (command) => {
      const { code, stdout, stderr } = await run(`${command} --help`)
      expect({ command, code, stderr }).to.deep.equal({ command, code: 0, stderr: '' })
      expect(stdout).to.match(new RegExp(`^Usage: millrace ${command}`))
    })
  })
})
