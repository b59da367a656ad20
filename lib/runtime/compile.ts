import { repartitionRead } from '../operators/repartition.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import { type Read, sourceStep } from '../operators/source.ts'
import type { AsyncStep, Push, StepRuntime } from '../operators/step.ts'
import { tableStep } from '../operators/table.ts'
import type { Lookup } from '../ports.ts'
import type { Context } from '../record.ts'
import type { DropsNode } from '../topology/keyed-nodes.ts'
import {
  childrenOf,
  emitsChanges,
  isDrops,
  type Node,
  type StepNode,
  type Topology,
  takesChanges,
} from '../topology/nodes.ts'
import { oldRowsWanted } from '../topology/old-rows.ts'
import { type SubTopology, type SubTopologyInput, topicOf } from '../topology/sub-topologies.ts'
import type { Change } from '../topology/table-nodes.ts'
import { fold } from './fold.ts'
import type { Rates } from './rates.ts'
import type { Stalls } from './stalls.ts'

/** What compiled steps need from outside, by node. */
export interface Bindings {
  readonly serdes: ReadonlyMap<Node, TopicSerdes>
  readonly lookups: ReadonlyMap<Node, Lookup>
  /** How fast all tasks together may read and write. Default: as fast as they can. */
  readonly rates?: Rates
}

/** A sub-topology folded into functions. One per task: steps may hold caches, buffers and stores. */
export interface Pipeline {
  /** By topic. */
  readonly reads: ReadonlyMap<string, Read>
  /** Steps that wait, in the order in which they have to be flushed. */
  readonly waiting: readonly AsyncStep[]
  /** Where dropped records go, by the name of the step that drops them. */
  readonly drops: ReadonlyMap<string, Push>
}

export interface Compiling {
  readonly topology: Topology
  readonly sub: SubTopology
  readonly application: string
  readonly bindings: Bindings
  readonly runtime: StepRuntime
  readonly now: () => number
  /** Told while a step waits. */
  readonly stalls?: Stalls | undefined
  readonly futureTolerance?: number | undefined
  /** Told what goes into each step and what it hands on. Costs nothing where there is none. */
  readonly observe?: Observe | undefined
}

/** `side`: what a step is given, or what it hands on. Inputs are given nothing but bytes. */
export type Observe = (node: Node, side: 'in' | 'out', value: unknown, context: Context) => void

export function compile(compiling: Compiling): Pipeline {
  const { topology, sub, application, bindings, runtime, now, stalls } = compiling
  const waiting = new Map<Node, AsyncStep>()
  const folded = new Map<StepNode, readonly Push[]>()

  /** What follows a node: each of its children, at the entrance that the node leads to. */
  const follow = (node: Node): Push =>
    seen(node, 'out', toAll(childrenOf(topology, node).flatMap((child) => entrances(node, child))))

  const seen = (node: Node, side: 'in' | 'out', push: Push): Push => {
    const { observe } = compiling
    if (observe === undefined) return push
    return (value, context) => {
      observe(node, side, value, context)
      push(value, context)
    }
  }

  const entrances = (parent: Node, child: StepNode): Push[] => {
    if (child.kind === 'drops') return []
    const pushes = once(child)
    return child.parents.flatMap((other, index) => {
      // A step with one entrance is entered by it from every parent; further parents may be there to be asked only.
      const push = pushes.length === 1 && child.kind === 'merge' ? pushes[0] : pushes[index]
      if (other !== parent || push === undefined) return []
      return [emitsChanges(parent) && !takesChanges(child, index) ? unwrapped(push) : push]
    })
  }

  /** A step with several parents is reached more than once, and is one step all the same. */
  const once = (node: StepNode): readonly Push[] => {
    const known = folded.get(node)
    if (known !== undefined) return known
    const site = {
      // What is behind a repartition topic belongs to other tasks.
      next: node.kind === 'repartition' ? () => {} : follow(node),
      routes: () => childrenOf(topology, node).map((route) => once(route)[0]!),
      oldRowsWanted: oldRowsWanted(topology, node),
      runtime,
      serdes: bindings.serdes.get(node),
      lookup: bindings.lookups.get(node),
      application,
    }
    const made = fold(node, site)
    const entered = typeof made === 'function' ? [made] : 'flush' in made ? [made.push] : made
    const pushes = entered.map((push) => seen(node, 'in', push))
    if ('flush' in made) waiting.set(node, reported(made, node))
    folded.set(node, pushes)
    return pushes
  }

  const reported = (step: AsyncStep, { name }: Node): AsyncStep => {
    if (stalls === undefined) return step
    return { push: step.push, flush: (signal) => stalls.during(name, () => step.flush(signal)) }
  }

  const enter = (input: SubTopologyInput): readonly [string, Read] => {
    const serdes = bindings.serdes.get(input)!
    const next = follow(input)
    const topic = topicOf(input, application)
    if (input.kind === 'repartition') return [topic, repartitionRead(input, next, runtime, serdes)]
    const first = input.kind === 'table' ? tableStep(input, next, runtime) : next
    const { futureTolerance = input.futureTolerance } = compiling
    return [topic, sourceStep({ ...input, futureTolerance }, first, runtime, serdes, now)]
  }

  const leftOut = (node: DropsNode): readonly [string, Push] => {
    return [node.parents[0]!.name, follow(node)]
  }

  const reads = new Map(sub.inputs.map(enter))
  const drops = Map.groupBy(sub.steps.filter(isDrops).map(leftOut), ([step]) => step)
  return {
    reads,
    waiting: sub.steps.flatMap((node) => waiting.get(node) ?? []),
    drops: new Map([...drops].map(([step, found]) => [step, toAll(found.map(([, next]) => next))])),
  }
}

/** Tables hand on changes; a stream's step sees their new rows as records. */
function unwrapped(push: Push): Push {
  return (change, context) => push((change as Change).new, context)
}

function toAll(next: readonly Push[]): Push {
  if (next.length === 1) return next[0]!
  return (value, context) => {
    for (const push of next) push(value, context)
  }
}
