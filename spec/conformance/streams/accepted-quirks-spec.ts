import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { ACCEPTED_QUIRKS, type AcceptedQuirk, faultsOf } from './accepted-quirks.ts'

const quirk: AcceptedQuirk = { topology: 'count', case: 'quirk/random', reason: 'because', decision: '0002' }
const decisions = '## 0001 · One\ntext 0003\n## 0002 · Two\n'

describe('the list of accepted quirks', () => {
  it('should hold nothing without a decision behind it', () => {
    expect(faultsOf(ACCEPTED_QUIRKS, readFileSync('DECISIONS.md', 'utf8'))).to.deep.equal([])
  })

  it('should refuse what is no quirk, gives no reason, names no decision, or stands there twice', () => {
    expect(faultsOf([quirk], decisions)).to.deep.equal([])
    const faults = (wrong: Partial<AcceptedQuirk>) => faultsOf([{ ...quirk, ...wrong }], decisions)
    expect(faults({ case: 'edge/nulls' })).to.deep.equal(['count edge/nulls: only quirk/ cases may differ'])
    expect(faults({ reason: ' ' })).to.deep.equal(['count quirk/random: a reason is missing'])
    expect(faults({ decision: '0003' })).to.deep.equal(['count quirk/random: DECISIONS.md has no 0003'])
    expect(faults({ topology: 'conut' })).to.deep.equal(['conut quirk/random: no topology has that id'])
    expect(faultsOf([quirk, quirk], decisions)).to.deep.equal(['count quirk/random: listed twice'])
  })
})
