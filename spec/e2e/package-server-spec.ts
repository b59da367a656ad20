import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import { contract } from '../../lib/contract/avro.ts'
import { schemaRegistry } from '../../lib/contract/registry.ts'
import { bind } from '../../lib/contract/serde.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { kafkaTool } from '../support/kafka-tool.ts'
import { readmeBlocks } from '../support/readme.ts'
import { servers } from '../support/servers.ts'

const execute = promisify(execFile)
const root = new URL('../..', import.meta.url).pathname
const run = Date.now().toString(36)

/** README's project, with topics of this run's own. */
function ownNames(text: string): string {
  return text
    .replaceAll(/kafka\('(orders|receipts)'/g, `kafka('$1-${run}'`)
    .replace("topology('order-receipts'", `topology('order-receipts-${run}'`)
}

describe('the package', () => {
  let project: string
  const { kafkaBrokers, registryUrl } = servers()
  const env = { ...process.env, KAFKA_BROKERS: kafkaBrokers, SCHEMA_REGISTRY_URL: registryUrl }

  const npx = (...args: string[]) =>
    execute('npx', ['--no-install', 'millrace', ...args], { cwd: project, env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )

  before(async () => {
    project = mkdtempSync(join(tmpdir(), 'millrace-package-'))
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    await execute('npm', ['run', '--silent', 'build'], { cwd: root })
    const { stdout } = await execute('npm', ['pack', '--silent', '--pack-destination', project], {
      cwd: root,
    })
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ name: 'shop', type: 'module', private: true }),
    )
    const packages = [`./${stdout.trim()}`, `node@${devDependencies.node}`]
    await execute(
      'npm',
      ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund', ...packages],
      {
        cwd: project,
      },
    )
    writeFileSync(join(project, 'order.v1.avsc'), readmeBlocks('json')[0]!)
    writeFileSync(join(project, 'orders.ts'), ownNames(readmeBlocks('ts')[0]!))
  })

  after(() => rmSync(project, { recursive: true, force: true }))

  it("should run README's topology, written by a user, against the servers", async () => {
    expect(await npx('types', '.')).to.have.property('stdout', 'wrote order.ts\n')
    expect(await npx('run', 'orders.ts'))
      .to.include({ code: 3 })
      .and.to.have.property('stderr')
      .that.includes('orders.ts')
    expect(await npx('apply', 'orders.ts')).to.have.property('code', 0)

    const broker = kafkaBroker({ brokers: kafkaBrokers.split(',') })
    const schema = JSON.parse(readmeBlocks('json')[0]!)
    const orders = bind(
      contract<{ id: string; cents: number; email: string | null }>({ name: 'order', version: 1, schema }),
      `orders-${run}-value`,
      schemaRegistry({ url: registryUrl }),
    )
    await orders.open()
    const producer = await broker.producer({})
    const order = (id: string, cents: number, email: string | null) => ({
      topic: `orders-${run}`,
      partition: 0,
      key: Buffer.from(id),
      value: orders.encode({ id, cents, email }),
      timestamp: 1_700_000_000_000,
      headers: NO_HEADERS,
    })
    await producer.send([
      order('a', 1250, 'a@b.c'),
      order('b', 0, 'a@b.c'),
      order('c', 5, null),
      order('d', 99, 'd@e.f'),
    ])
    await producer.close()
    await broker.close()

    const ran = await npx('run', 'orders.ts', '--until-caught-up', '--json')
    expect(ran).to.have.property('code', 0)
    const counts = JSON.parse(ran.stdout)[`order-receipts-${run}`]
    expect(counts).to.deep.include({
      receipts: { written: 2 },
      'with-mail': { filtered: 1 },
      priced: { refused: 1 },
    })
    const receipts = await kafkaTool('consumer.ConsoleConsumer', [
      ...['--bootstrap-server', kafkaBrokers, '--topic', `receipts-${run}`],
      ...['--from-beginning', '--max-messages', '2', '--timeout-ms', '120000'],
    ])
    expect(
      receipts
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).to.have.deep.members([
      { order: 'a', euros: 12.5 },
      { order: 'd', euros: 0.99 },
    ])
  })

  it('should say in one clear line that Node is too old, exit 2', async () => {
    const old = mkdtempSync(join(tmpdir(), 'millrace-old-node-'))
    try {
      writeFileSync(join(old, 'package.json'), '{"private":true}')
      await execute(
        'npm',
        ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund', 'node@22.17.1'],
        {
          cwd: old,
        },
      )
      const bin = join(project, 'node_modules/millrace/dist/lib/cli/bin.js')
      const child = spawn(join(old, 'node_modules/node/bin/node'), [bin, 'run', 'orders.ts'], {
        cwd: project,
        env,
      })
      let said = ''
      child.stderr.on('data', (text) => {
        said += text
      })
      const [code] = await once(child, 'close')
      expect(code).to.equal(2)
      expect(said).to.match(/^millrace: Node 22\.18 or newer is needed, this is 22\.17\.1; .*\n$/)
    } finally {
      rmSync(old, { recursive: true, force: true })
    }
  })
})
