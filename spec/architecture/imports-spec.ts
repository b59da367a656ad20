import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect } from 'chai'

const ROOMS = ['lib', 'connectors', 'topologies', 'schemas', 'services']

const files = ROOMS.flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(room, file)),
)

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const imports: Import[] = files.flatMap((from) => {
  const source = readFileSync(from, 'utf8')
  const pattern =
    /(?:^|\n)\s*(import|export)(\s+type)?\b[^'"`;]*?from\s+'([^']+)'|\bimport\('([^']+)'\)|(?:^|\n)import\s+'([^']+)'/g
  return [...source.matchAll(pattern)].map((match) => {
    const specifier = match[3] ?? match[4] ?? match[5]!
    const to = specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : specifier
    return { from, to, typeOnly: match[2] !== undefined }
  })
})

const lines = (found: readonly Import[]) => found.map(({ from, to }) => `${from} → ${to}`)
const within = (path: string, ...rooms: string[]) =>
  rooms.some((room) => path === room || path.startsWith(`${room}/`))

/** The folders of lib by rank: a file imports from its own rank or a lower one. */
const RANKS = [
  'windows',
  'broker',
  'table',
  'contract',
  'topology',
  'state',
  'operators',
  'runtime',
  'deployed',
  'admin',
  'testing',
  'verify',
  'replay',
  'dead-letters',
  'explain',
  'index.ts',
  'cli',
]
const rank = (path: string): number => RANKS.indexOf(path.split('/')[1]!)

describe('architecture', () => {
  it('should have read the imports', () => {
    expect(imports.length).to.be.greaterThan(200)
    expect(imports.some(({ to }) => to === 'kafkajs')).to.equal(true)
  })

  it('should keep lib, but for the command line, free of connectors, topologies and services', () => {
    const wrong = imports.filter(
      ({ from, to }) => within(from, 'lib') && !within(from, 'lib/cli') && within(to, ...ROOMS.slice(1)),
    )
    expect(lines(wrong)).to.deep.equal([])
  })

  it('should let imports inside lib point one way', () => {
    const wrong = imports.filter(
      ({ from, to }) => within(from, 'lib') && within(to, 'lib') && rank(to) > rank(from),
    )
    expect(lines(wrong)).to.deep.equal([])
  })

  it('should let connectors import the ports of lib, and nothing deeper', () => {
    const door = /^lib\/((broker|table)\/)?[a-z-]+\.ts$/
    const wrong = imports.filter(
      ({ from, to }) => within(from, 'connectors') && within(to, 'lib') && !door.test(to),
    )
    expect(lines(wrong)).to.deep.equal([])
  })

  it('should let topologies and schemas come in through the only door', () => {
    const wrong = imports.filter(
      ({ from, to }) => within(from, 'schemas') && within(to, 'lib') && to !== 'lib/index.ts',
    )
    expect(lines(wrong)).to.deep.equal([])
  })

  it('should keep each connector to itself', () => {
    const connector = (path: string) => path.split('/')[1]
    const wrong = imports.filter(
      ({ from, to }) =>
        within(from, 'connectors') && within(to, 'connectors') && connector(from) !== connector(to),
    )
    expect(lines(wrong)).to.deep.equal([])
  })

  it('should import each client in one folder alone, LevelDB in the two that keep things on disk', () => {
    const clients: Readonly<Record<string, string | readonly string[]>> = {
      kafkajs: 'connectors/kafka',
      pg: 'connectors/postgres',
      'cassandra-driver': 'connectors/cassandra',
      '@kafkajs/confluent-schema-registry': 'lib/contract',
      avsc: 'lib/contract',
      'classic-level': ['connectors/embedded', 'lib/state'],
      'sorted-btree': 'lib/state',
      commander: 'lib/cli',
      pino: 'lib/cli',
      fastify: 'lib/admin',
      'prom-client': 'lib/admin',
    }
    const wrong = imports.filter(({ from, to }) => {
      const home = clients[to.startsWith('@') ? to : to.split('/')[0]!]
      return home !== undefined && !within(from, ...[home].flat())
    })
    expect(lines(wrong)).to.deep.equal([])
  })

  it('should have no circular imports', () => {
    const next = new Map<string, string[]>()
    for (const { from, to, typeOnly } of imports)
      if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to])
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      if (path.includes(file) || done.has(file)) return
      for (const to of next.get(file) ?? []) visit(to, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(circles).to.deep.equal([])
  })

  it('should have no room called utils, and no star exports', () => {
    expect(files.filter((file) => /util|helper|common|misc/i.test(file))).to.deep.equal([])
    expect(files.filter((file) => /^export \*/m.test(readFileSync(file, 'utf8')))).to.deep.equal([])
  })
})
