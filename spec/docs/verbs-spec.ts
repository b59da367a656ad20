import { existsSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { expect } from 'chai'
import * as millrace from '../../lib/index.ts'
import { json, sink, topic, topology } from '../../lib/index.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const PAGE = 'lib/operators/README.md'
const FOLDER = 'lib/operators'

interface Row {
  readonly family: string
  readonly verb: string
  readonly what: string
  readonly links: Readonly<Record<string, string>>
}

const rows: Row[] = read(PAGE)
  .split(/^## /m)
  .slice(1)
  .flatMap((section) => {
    const family = section.split('\n')[0]!
    return [...section.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.+) \|$/gm)].map(
      ([, verb, what, , links]) => ({
        family,
        verb: verb!,
        what: what!,
        links: Object.fromEntries(
          [...links!.matchAll(/\[(\w+)\]\(([^)]+)\)/g)].map(([, label, to]) => [
            label,
            normalize(join(FOLDER, to!)),
          ]),
        ),
      }),
    )
  })

/** Exports of operators that are no steps of their own, but belong to one. */
const PARTS: Readonly<Record<string, string>> = {
  and: 'cogroup',
  lookup: 'enrich',
  untilWindowCloses: 'suppress',
  untilTimeLimit: 'suppress',
}

/** The values that the package exports from its operators. */
function operators(): string[] {
  const exported = [...read('lib/index.ts').matchAll(/^export \{([^}]*)\} from '\.\/operators\//gm)]
  const names = exported.flatMap(([, list]) => list!.split(',').map((name) => name.trim()))
  return names.filter((name) => name !== '' && !name.startsWith('type '))
}

/** What a topology function is given. */
function inputs(): string[] {
  let names: string[] = []
  topology('names', (builder) => {
    names = Object.keys(builder)
    builder.source('in', topic('in', { value: json() })).pipe(sink('out', topic('out', { value: json() })))
  })
  return names
}

/** Imported and used, or what it is all about. */
function uses(path: string, verb: string): boolean {
  const text = read(path)
  return (
    (text.match(new RegExp(`\\b${verb}\\b`, 'g')) ?? []).length > 1 || text.includes(`\ndescribe('${verb}', `)
  )
}

describe('the table of verbs', () => {
  it('should have every verb that is exported, once', () => {
    const found = operators()
    expect(found).to.have.length.greaterThan(40)
    for (const name of found) expect(millrace, name).to.have.property(name).that.is.a('function')
    const verbs = found.filter((name) => !Object.hasOwn(PARTS, name))
    expect(rows.map(({ verb }) => verb).sort()).to.deep.equal([...verbs, ...inputs()].sort())
  })

  it('should name the parts of a verb in its row', () => {
    expect(Object.keys(PARTS).filter((part) => !operators().includes(part))).to.deep.equal([])
    const rest = Object.entries(PARTS).filter(([part]) => part !== 'lookup')
    for (const [part, verb] of rest)
      expect(rows.find((row) => row.verb === verb)?.what).to.include(`\`${part}\``)
  })

  for (const { family, verb, links } of rows) {
    it(`should lead from ${verb} to its file, its spec and the spec of its types`, () => {
      expect(Object.keys(links)).to.deep.equal(['file', 'spec', 'types'])
      for (const path of Object.values(links)) expect(existsSync(path), path).to.equal(true)
      const { file, spec, types } = links as { file: string; spec: string; types: string }
      const inOwnFile = !inputs().includes(verb)
      if (inOwnFile) expect(read(file)).to.match(new RegExp(`^export function ${verb}\\b`, 'm'))
      expect(uses(spec, verb), `${spec} uses ${verb}`).to.equal(true)
      expect(read(spec)).to.match(/^describe\(/m)
      expect(uses(types, verb), `${types} uses ${verb}`).to.equal(true)
      expect(read(types)).to.include('@ts-expect-error')
      if (family === 'Joins') expect(read(file), `${file} draws`).to.include('```text')
    })
  }

  it('should be that of the main README, without the words', () => {
    const section = read('README.md').split('## Verbs')[1]!.split('\n## ')[0]!
    const table = section.split('\n').filter((line) => line.startsWith('| ') && line.includes('`'))
    const verbs = rows.map(({ verb }) => verb)
    const named = table.flatMap((line) => [...line.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
    expect(named.filter((name) => verbs.includes(name)).sort()).to.deep.equal(verbs.sort())
    const others = named.filter((name) => !verbs.includes(name))
    expect(others.filter((name) => !Object.hasOwn(millrace, name))).to.deep.equal([])
    const families = table.map((line) => line.split('|')[1]!.trim())
    expect(families).to.deep.equal([...new Set(rows.map(({ family }) => family))])
  })
})

describe('links of the pages', () => {
  for (const page of ['README.md', PAGE, 'lib/windows/README.md']) {
    it(`should lead somewhere: ${page}`, () => {
      const text = read(page)
      const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        heading!.toLowerCase().replaceAll(' ', '-'),
      )
      for (const [, to] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
        if (to!.startsWith('#')) expect(anchors).to.include(to!.slice(1))
        else expect(existsSync(normalize(join(page, '..', to!))), to).to.equal(true)
      }
    })
  }
})
