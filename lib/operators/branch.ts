import type { Context } from '../record.ts'
import type { BranchNode } from '../topology/nodes.ts'
import type { RetryOptions, Stream } from '../topology/stream.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

type Predicate<K, V> = (value: V, context: Context<K>) => boolean

/**
 * Splits a stream: each record takes the first branch whose predicate holds, `true` being the default branch. One
 * that none takes is counted as `unrouted`. Returns the branches by name; their steps are `<name>.<branch>`.
 * (KStream#split, BranchedKStream)
 *
 * ```ts
 * const { adults, others } = users.pipe(branch('age', { adults: (user) => user.age >= 18, others: true }))
 * ```
 */
export function branch<K, V, const Name extends string>(
  name: string,
  branches: Readonly<Record<Name, Predicate<NoInfer<K>, V> | true>>,
  options: RetryOptions = {},
): (stream: Stream<K, V>) => Readonly<Record<Name, Stream<K, V>>> {
  const said = Object.entries(branches) as [Name, Predicate<K, V> | true][]
  const predicates = said.map(([, predicate]) => (predicate === true ? () => true : predicate))
  return (stream) => {
    const split = stream.append<K, V>(
      { kind: 'branch', name, predicates: predicates as BranchNode['predicates'] },
      options,
    )
    const routes = said.map(([label], index) => {
      return [label, split.append<K, V>({ kind: 'route', name: `${name}.${label}`, index })] as const
    })
    return Object.fromEntries(routes) as Record<Name, Stream<K, V>>
  }
}

/** `routes[i]` follows the i-th predicate. */
export function branchStep(node: BranchNode, routes: readonly Push[], runtime: StepRuntime): Push {
  const choose = guarded(
    node,
    (value: never, context) => node.predicates.findIndex((predicate) => predicate(value, context)),
    runtime,
  )
  return (value, context) => {
    const index = choose(value, context)
    if (index === REFUSED) return
    const route = routes[index]
    if (route === undefined) runtime.count(node.name, 'unrouted')
    else route(value, context)
  }
}
