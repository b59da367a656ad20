import { enrichStep } from '../operators/enrich.ts'
import { filterStep } from '../operators/filter.ts'
import { mapStep } from '../operators/map.ts'
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
  const waiting: AsyncStep[] = []

  const follow = (node: Node): Push => {
    const next = childrenOf(topology, node).map(fold)
    if (next.length === 1) return next[0]!
    return (value, context) => {
      for (const push of next) push(value, context)
    }
  }

  const fold = (node: StepNode): Push => {
    switch (node.kind) {
      case 'map':
        return mapStep(node, follow(node), runtime)
      case 'filter':
        return filterStep(node, follow(node), runtime)
      case 'validate':
        return validateStep(node, follow(node), runtime)
      case 'enrich': {
        const slot = waiting.push({ push: () => {}, flush: async () => {} }) - 1
        const step = enrichStep(node, follow(node), runtime, bindings.lookups.get(node))
        waiting[slot] = step
        return step.push
      }
      case 'sink':
        return sinkStep(node, runtime, bindings.serdes.get(node))
    }
  }

  const read = sourceStep(source, follow(source), runtime, bindings.serdes.get(source)!, now)
  return { read, waiting }
}
