import { branchStep } from '../operators/branch.ts'
import { enrichStep } from '../operators/enrich.ts'
import { filterStep } from '../operators/filter.ts'
import { flatMapStep } from '../operators/flat-map.ts'
import { mapStep } from '../operators/map.ts'
import { peekStep } from '../operators/peek.ts'
import { rxStep } from '../operators/rx.ts'
import { sinkStep, type TopicSerdes } from '../operators/sink.ts'
import { type Read, sourceStep } from '../operators/source.ts'
import type { AsyncStep, Push, StepRuntime } from '../operators/step.ts'
import { validateStep } from '../operators/validate.ts'
import type { Lookup } from '../ports.ts'
import { childrenOf, type Node, type SourceNode, type StepNode, type Topology } from '../topology/nodes.ts'

/** What compiled steps need from outside, by node. */
export interface Bindings {
  readonly serdes: ReadonlyMap<Node, TopicSerdes>
  readonly lookups: ReadonlyMap<Node, Lookup>
}

/** A source and all that follows it, folded into functions. One per task: steps may hold caches and buffers. */
export interface Pipeline {
  readonly read: Read
  /** Steps that wait, in the order in which they have to be flushed. */
  readonly waiting: readonly AsyncStep[]
}

export function compile(
  topology: Topology,
  source: SourceNode,
  bindings: Bindings,
  runtime: StepRuntime,
  now: () => number = Date.now,
): Pipeline {
  const waiting = new Map<Node, AsyncStep>()
  const folded = new Map<StepNode, Push>()

  const follow = (node: Node): Push => toAll(childrenOf(topology, node).map(once))

  /** A merge is reached more than once, and is one step all the same. */
  const once = (node: StepNode): Push => {
    const push = folded.get(node) ?? fold(node)
    folded.set(node, push)
    return push
  }

  const wait = (node: StepNode, step: AsyncStep): Push => {
    waiting.set(node, step)
    return step.push
  }

  const fold = (node: StepNode): Push => {
    switch (node.kind) {
      case 'map':
        return mapStep(node, follow(node), runtime)
      case 'flatMap':
        return flatMapStep(node, follow(node), runtime)
      case 'filter':
        return filterStep(node, follow(node), runtime)
      case 'peek':
        return peekStep(node, follow(node), runtime)
      case 'validate':
        return validateStep(node, follow(node), runtime)
      case 'branch':
        return branchStep(node, childrenOf(topology, node).map(once), runtime)
      case 'route':
      case 'merge':
        return follow(node)
      case 'rx':
        return wait(node, rxStep(node, follow(node), runtime))
      case 'enrich':
        return wait(node, enrichStep(node, follow(node), runtime, bindings.lookups.get(node)))
      case 'sink':
        return sinkStep(node, runtime, bindings.serdes.get(node))
    }
  }

  const read = sourceStep(source, follow(source), runtime, bindings.serdes.get(source)!, now)
  return { read, waiting: topology.nodes.flatMap((node) => waiting.get(node) ?? []) }
}

function toAll(next: readonly Push[]): Push {
  if (next.length === 1) return next[0]!
  return (value, context) => {
    for (const push of next) push(value, context)
  }
}
