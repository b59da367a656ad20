/** Something to be given to exactly one member. */
export interface Share {
  readonly id: string
  /** Those of one kind are spread evenly, as far as this goes with an even share of all. */
  readonly kind: string
  /** Members to which it may go; not empty, and the same ones for all of a kind. */
  readonly eligible: readonly string[]
  /** Where it is wanted, the best first. Whoever is not named has to begin with nothing. */
  readonly preferred: readonly string[]
  /** Whether it is at the first of these now, and would have to move. */
  readonly settled: boolean
}

/** What it costs to begin with nothing; a place in the order of those preferred costs less. */
const NOTHING = 16

/**
 * Gives out everything so that, in this order of importance: members have the same number, give or take one; they have
 * the same number of each kind; and as much as possible is where it is wanted. The result is a minimum, not an
 * approximation: a flow of least cost, found by shortest augmenting paths. Members are tried in their order.
 */
export function evenShares(
  shares: readonly Share[],
  members: readonly string[],
): ReadonlyMap<string, string> {
  const flow = new Flow(shares, members)
  for (const share of shares.keys()) flow.placeFreely(share, true)
  for (const share of shares.keys()) flow.placeFreely(share, false)
  for (const share of shares.keys()) flow.place(share)
  return new Map(shares.map(({ id }, share) => [id, members[flow.memberOf(share)]!]))
}

/** One step of a path: a share goes from a slot to another one, or is exchanged for another kind at the same member. */
interface Step {
  readonly from: number
  /** What moves; undefined where only the kind changes. */
  readonly share: number | undefined
}

/**
 * A slot is a kind at a member; what lies beyond its even part costs. The nodes of a path are the slots, and behind them
 * the members, each with one too many.
 */
class Flow {
  readonly #members: number
  readonly #slots: number
  readonly #kinds: readonly number[]
  readonly #settled: readonly boolean[]
  readonly #costs: readonly ReadonlyMap<number, number>[]
  readonly #eligible: readonly (readonly number[])[]
  readonly #slotFloor: readonly number[]
  readonly #memberFloor: number
  readonly #slotWeight: number
  readonly #memberWeight: number
  readonly #held: Set<number>[]
  readonly #totals: number[]
  readonly #placed: number[]

  constructor(shares: readonly Share[], members: readonly string[]) {
    const indexOf = new Map(members.map((member, index) => [member, index]))
    const sizes = new Map<string, number>()
    for (const { kind } of shares) sizes.set(kind, (sizes.get(kind) ?? 0) + 1)
    const kinds = [...sizes.keys()]
    const kindOf = new Map(kinds.map((kind, index) => [kind, index]))
    this.#members = members.length
    this.#slots = kinds.length * members.length
    this.#kinds = shares.map(({ kind }) => kindOf.get(kind)!)
    const eligible = new Map(shares.map((share) => [share.kind, share.eligible]))
    this.#eligible = kinds.map((kind) => eligible.get(kind)!.map((member) => indexOf.get(member)!))
    const allowed = this.#eligible.map((members) => new Set(members))
    this.#settled = shares.map(
      ({ eligible, preferred, settled }) => settled && eligible.includes(preferred[0]!),
    )
    this.#costs = shares.map(({ preferred }, share) => {
      const known = preferred.map((member) => indexOf.get(member)!)
      const here = known.filter((member) => allowed[this.#kinds[share]!]!.has(member))
      return new Map(
        here.slice(0, NOTHING).map((member, rank) => [member, rank === 0 ? 0 : rank + this.#moving(share)]),
      )
    })
    this.#slotFloor = kinds.map((kind, index) => Math.floor(sizes.get(kind)! / this.#eligible[index]!.length))
    this.#memberFloor = Math.floor(shares.length / members.length)
    this.#slotWeight = (NOTHING + 1) * (shares.length + 1)
    this.#memberWeight = this.#slotWeight * (shares.length + 1)
    this.#held = Array.from({ length: this.#slots }, () => new Set())
    this.#totals = members.map(() => 0)
    this.#placed = shares.map(() => -1)
  }

  memberOf(share: number): number {
    return this.#placed[share]! % this.#members
  }

  /** Where it costs nothing. `wanted`: only what is wanted somewhere; else only what is wanted nowhere. */
  placeFreely(share: number, wanted: boolean): void {
    const costs = this.#costs[share]!
    if (costs.size > 0 !== wanted) return
    const free = this.#membersFor(share).filter((member) => {
      const slot = this.#slot(share, member)
      const beyond = this.#slotCharge(slot) + this.#memberCharge(member)
      return beyond === 0 && (!wanted || costs.get(member) === 0)
    })
    if (free.length === 0) return
    const member = free.reduce((best, one) => (this.#totals[one]! < this.#totals[best]! ? one : best))
    this.#add(share, this.#slot(share, member))
  }

  /** Along the cheapest path: others may have to move for it. */
  place(share: number): void {
    if (this.#placed[share] !== -1) return
    const { steps, end } = this.#cheapestPath(share)
    this.#totals[end]!++
    for (let node = this.#slots + end; ; ) {
      const { from, share: moved } = steps[node]!
      if (moved !== undefined) {
        if (from !== -1) this.#held[from]!.delete(moved)
        this.#held[node]!.add(moved)
        this.#placed[moved] = node
      }
      if (from === -1) return
      node = from
    }
  }

  /** Bellman-Ford: there are negative costs, and no negative cycles. */
  #cheapestPath(share: number): { readonly steps: readonly (Step | undefined)[]; readonly end: number } {
    const nodes = this.#slots + this.#members
    const costs: number[] = Array(nodes).fill(Number.POSITIVE_INFINITY)
    const steps: (Step | undefined)[] = Array(nodes)
    let changed = new Set<number>()
    const reach = (node: number, cost: number, step: Step) => {
      if (cost >= costs[node]!) return
      costs[node] = cost
      steps[node] = step
      changed.add(node)
    }
    for (const member of this.#membersFor(share)) {
      reach(this.#slot(share, member), this.#cost(share, member), { from: -1, share })
    }
    while (changed.size > 0) {
      const from = [...changed]
      changed = new Set()
      for (const node of from) {
        if (node < this.#slots) this.#leaveSlot(node, costs[node]!, reach)
        else this.#leaveMember(node, costs[node]!, reach)
      }
    }
    const ends = this.#totals.map((_, member) => costs[this.#slots + member]! + this.#memberCharge(member))
    return { steps, end: ends.indexOf(Math.min(...ends)) }
  }

  /** One of its shares goes to another member, or the member keeps one more of this kind. */
  #leaveSlot(slot: number, cost: number, reach: (node: number, cost: number, step: Step) => void): void {
    const member = slot % this.#members
    reach(this.#slots + member, cost + this.#slotCharge(slot), { from: slot, share: undefined })
    // Where a share is not wanted it costs the same everywhere: of these only the cheapest is looked at.
    let cheapest: number | undefined
    for (const share of this.#held[slot]!) {
      const here = cost - this.#cost(share, member)
      for (const [other, there] of this.#costs[share]!) {
        if (other !== member) reach(this.#slot(share, other), here + there, { from: slot, share })
      }
      if (cheapest === undefined || this.#loss(share, member) < this.#loss(cheapest, member)) cheapest = share
    }
    if (cheapest === undefined) return
    const elsewhere = cost + this.#loss(cheapest, member)
    for (const other of this.#membersFor(cheapest)) {
      if (other !== member) reach(this.#slot(cheapest, other), elsewhere, { from: slot, share: cheapest })
    }
  }

  /** It gives away one of another kind. */
  #leaveMember(node: number, cost: number, reach: (node: number, cost: number, step: Step) => void): void {
    for (let slot = node - this.#slots; slot < this.#slots; slot += this.#members) {
      if (this.#held[slot]!.size === 0) continue
      const refund = this.#slotCharge(slot, -1)
      reach(slot, cost - refund, { from: node, share: undefined })
    }
  }

  #add(share: number, slot: number): void {
    this.#placed[share] = slot
    this.#held[slot]!.add(share)
    this.#totals[slot % this.#members]!++
  }

  #slot(share: number, member: number): number {
    return this.#kinds[share]! * this.#members + member
  }

  #membersFor(share: number): readonly number[] {
    return this.#eligible[this.#kinds[share]!]!
  }

  #cost(share: number, member: number): number {
    return this.#costs[share]!.get(member) ?? this.#costOfNothing(share)
  }

  /** What it costs more to have it where nothing is. */
  #loss(share: number, member: number): number {
    return this.#costOfNothing(share) - this.#cost(share, member)
  }

  #costOfNothing(share: number): number {
    return this.#costs[share]!.size === 0 ? 0 : NOTHING + this.#moving(share)
  }

  /** Of two that are equal else, what stands still is to go rather than what is at work. */
  #moving(share: number): number {
    return this.#settled[share] ? 1 : 0
  }

  /** What the next one in this slot costs beyond its place; `more` = -1: what the last one has cost. */
  #slotCharge(slot: number, more = 0): number {
    const floor = this.#slotFloor[Math.floor(slot / this.#members)]!
    return Math.max(0, this.#held[slot]!.size + 1 + more - floor) * this.#slotWeight
  }

  #memberCharge(member: number): number {
    return Math.max(0, this.#totals[member]! + 1 - this.#memberFloor) * this.#memberWeight
  }
}
