import { expect } from 'chai'
import * as millrace from '../../lib/index.ts'
import { faultsIn } from './compile.ts'
import { examplesOf } from './examples.ts'
import { playDrawing } from './play-drawing.ts'
import { topicsIn } from './said-in-code.ts'

const PAGE = 'lib/windows/README.md'
const examples = examplesOf(PAGE)

describe(PAGE, () => {
  for (const { title, code, drawings } of examples) {
    for (const [index, drawing] of drawings.entries()) {
      it(`should draw what happens: ${title}, ${index + 1}`, () => playDrawing(code, drawing))

      it(`should be found out if it lied: ${title}, ${index + 1}`, async () => {
        for (const lie of liesAbout(drawing)) {
          expect(lie).not.to.equal(drawing)
          const caught = await playDrawing(code, lie).then(
            () => false,
            () => true,
          )
          expect(caught, lie).to.equal(true)
        }
      })
    }
  }

  it('should have a drawing for every example', () => {
    expect(examples.filter(({ drawings }) => drawings.length === 0)).to.deep.equal([])
  })

  it('should compile', async function () {
    this.timeout(60_000)
    expect(await faultsIn({ 'examples.ts': asProgram(examples.map(({ code }) => code)) })).to.equal('')
    expect(await faultsIn({ 'examples.ts': asProgram(['const wrong: number = tumbling(10)']) })).to.match(
      /TS2322/,
    )
  })

  it('should draw every kind of window, of showing it, and of joining', () => {
    const all = examples.map(({ code }) => code).join('\n')
    const drawn = [
      ...['tumbling', 'hopping', 'sliding', 'session', 'grace', 'drops'],
      ...["emit: 'close'", 'untilWindowCloses', 'untilTimeLimit', 'emit-early'],
      ...[
        'join',
        'leftJoin',
        'outerJoin',
        'joinTable',
        'leftJoinTable',
        'history',
        'joinGlobal',
        'leftJoinGlobal',
      ],
      ...[
        'tableJoin',
        'tableLeftJoin',
        'tableOuterJoin',
        'foreignKeyJoin',
        'foreignKeyLeftJoin',
        'batch',
        'dedupe',
      ],
    ]
    expect(drawn.filter((what) => !new RegExp(`(^|[^\\w])${what}[^\\w]`, 'm').test(all))).to.deep.equal([])
    const rulers = examples.filter(({ drawings }) => drawings.some((drawing) => drawing.startsWith('time')))
    for (const kind of ['tumbling', 'hopping', 'sliding', 'session', 'within'])
      expect(
        rulers.some(({ code }) => code.includes(`${kind}(`)),
        kind,
      ).to.equal(true)
  })
})

/** Drawings that are wrong in one place: a timestamp of the last row, a result too few, a bar that ends elsewhere. */
function liesAbout(drawing: string): string[] {
  if (drawing.startsWith('time')) {
    const otherEnd = drawing.replace(/([\])])(?![\s\S]*[\])])/, (end) => (end === ')' ? ']' : ')'))
    const shorter = drawing.replace(/-([)\]])/, '$1 ')
    const barLess = drawing.replace(/\n[^\n]*$/, '')
    return [otherEnd, barLess, ...(shorter === drawing ? [] : [shorter])]
  }
  const cut = drawing.search(/\S+$/)
  return [
    `${drawing.slice(0, cut)}${drawing.slice(cut).replace(/@(\d+)$/, (_, time) => `@${Number(time) + 1}`)}`,
    drawing.slice(0, cut).trimEnd().replace(/,$/, ''),
  ]
}

/** Each block inside a topology of its own. */
function asProgram(codes: readonly string[]): string {
  const topics = [...new Set(codes.flatMap(topicsIn))].map((name) => `${name}: TopicTarget<string, string>`)
  const head = `import { ${Object.keys(millrace).join(', ')}, type TopicTarget } from 'millrace'
declare const topics: { ${topics.join('; ')} }
`
  const bodies = codes.map(
    (code, index) => `topology('example-${index}', ({ source, table, globalTable }) => {\n${code}\n})\n`,
  )
  return head + bodies.join('')
}
