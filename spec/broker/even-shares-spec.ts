import { expect } from 'chai'
import {
  array,
  assert,
  boolean,
  constantFrom,
  integer,
  property,
  record,
  shuffledSubarray,
  subarray,
} from 'fast-check'
import { evenShares, type Share } from '../../lib/broker/even-shares.ts'

const MEMBERS = ['a', 'b', 'c']

/** Few enough to try every way to give them out. */
const anyShares = array(
  record({
    kind: constantFrom('x', 'y'),
    eligible: subarray(MEMBERS, { minLength: 1 }),
    preferred: shuffledSubarray(MEMBERS),
    settled: boolean(),
  }),
  { maxLength: 6 },
).map((shares) =>
  shares.map(
    (share, index): Share => ({ ...share, id: `${index}`, kind: `${share.kind} ${share.eligible}` }),
  ),
)

const evenly = (shares: readonly Share[]) =>
  shares.map((share): Share => ({ ...share, kind: share.kind[0]!, eligible: MEMBERS }))

type Given = ReadonlyMap<string, string>

function counts(shares: readonly Share[], given: Given, kind?: string): number[] {
  return MEMBERS.map((member) => {
    return shares.filter((share) => given.get(share.id) === member && share.kind === (kind ?? share.kind))
      .length
  })
}

/** How many are beyond the even part. */
function beyond(numbers: readonly number[], floor: number): number {
  return numbers.reduce((sum, number) => {
    const over = Math.max(0, number - floor)
    return sum + (over * (over + 1)) / 2
  }, 0)
}

/** In the order of importance. */
function badness(shares: readonly Share[], given: Given): readonly [number, number, number] {
  const total = beyond(counts(shares, given), Math.floor(shares.length / MEMBERS.length))
  const kinds = ['x', 'y'].map((kind) => {
    const own = shares.filter((share) => share.kind === kind)
    const floor = Math.floor(own.length / (own[0]?.eligible.length ?? 1))
    return beyond(counts(shares, given, kind), floor)
  })
  const unwanted = shares.map(({ id, preferred, settled }) => {
    const rank = preferred.indexOf(given.get(id)!)
    if (rank === 0 || preferred.length === 0) return 0
    return (rank === -1 ? 16 : rank) + Number(settled)
  })
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)
  return [total, sum(kinds), sum(unwanted)]
}

function* everyWay(shares: readonly Share[], at = 0, given = new Map<string, string>()): Generator<Given> {
  const share = shares[at]
  if (share === undefined) {
    yield given
    return
  }
  for (const member of share.eligible) yield* everyWay(shares, at + 1, new Map(given).set(share.id, member))
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((number, index) => number !== other[index])
  return at === -1 ? 0 : one[at]! - other[at]!
}

describe('even shares', () => {
  it('should be the best of all ways to give them out', () => {
    assert(
      property(anyShares.map(evenly), (shares) => {
        const found = badness(shares, evenShares(shares, MEMBERS))
        for (const way of everyWay(shares)) {
          expect(compare(found, badness(shares, way)), `${found}`).to.be.at.most(0)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('should give each one to a member that may have it', () => {
    assert(
      property(anyShares, (shares) => {
        const given = evenShares(shares, MEMBERS)
        expect([...given.keys()]).to.deep.equal(shares.map(({ id }) => id))
        for (const { id, eligible } of shares) expect(eligible).to.include(given.get(id))
      }),
    )
  })

  it('should change nothing when asked again', () => {
    assert(
      property(integer({ min: 0, max: 40 }), integer({ min: 0, max: 40 }), (x, y) => {
        const shares = [...Array(x + y).keys()].map(
          (at): Share => ({
            ...{ id: `${at}`, kind: at < x ? 'x' : 'y', eligible: MEMBERS, preferred: [], settled: false },
          }),
        )
        const first = evenShares(shares, MEMBERS)
        const wanted = shares.map((share) => ({ ...share, preferred: [first.get(share.id)!], settled: true }))
        expect([...evenShares(wanted, MEMBERS)]).to.deep.equal([...first])
      }),
    )
  })

  it('should give out thousands evenly', () => {
    const members = [...Array(40).keys()].map((at) => `m${at}`)
    const shares = [...Array(4000).keys()].map(
      (at): Share => ({
        id: `${at}`,
        kind: `k${at % 3}`,
        eligible: members,
        preferred: [`m${(at * 7) % 30}`, `m${at % 40}`],
        settled: true,
      }),
    )
    const given = evenShares(shares, members)
    const sizes = Map.groupBy(given.values(), (member) => member)
    expect(new Set([...sizes.values()].map(({ length }) => length))).to.deep.equal(new Set([100]))
  })
})
