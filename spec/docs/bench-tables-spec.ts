import { readFileSync } from 'node:fs'
import { expect } from 'chai'

const root = new URL('../../', import.meta.url)
const section = /^## Speed\n([\s\S]*?)^## /m.exec(readFileSync(new URL('README.md', root), 'utf8'))?.[1] ?? ''
/** `[W1](bench/results/w1.md)`, and all up to the next one. */
const parts = [
  ...section.matchAll(/\(bench\/results\/(w\w+)\.md\)([\s\S]*?)(?=\(bench\/results\/w\w+\.md\)|$)/g),
]
const rowsOf = (text: string) => text.split('\n').filter((line) => line.startsWith('|'))

describe("the README's figures of speed", () => {
  it('should be there for the stateless and the stateful workload', () => {
    expect(parts.map(([, name]) => name)).to.include.members(['w1', 'w2'])
  })

  for (const [, name, said] of parts) {
    it(`should be what the bench has printed: ${name}`, () => {
      const printed = rowsOf(readFileSync(new URL(`bench/results/${name}.md`, root), 'utf8'))
      const shown = rowsOf(said!)
      expect(shown.length).to.be.at.least(3)
      expect(printed).to.include.members(shown)
    })
  }
})
