import { type Duration, duration } from './duration.ts'
import type { Node, SourceNode, Topology } from './nodes.ts'
import { Stream } from './stream.ts'
import type { TopicTarget } from './topic.ts'
import { checkName, checkTopology } from './validate.ts'

export interface SourceOptions {
  /** Where to begin when the group has no position yet. Default `earliest`: a new job misses nothing. */
  readonly startAt?: 'earliest' | 'latest' | 'error'
  /** Records dated further ahead than this become dead letters, or they would block later writes. Default 5m. */
  readonly futureTolerance?: Duration
}

export interface Builder {
  /** A stream of a topic's records. `name` is the step's name, unique in the topology. */
  readonly source: <K, V>(name: string, topic: TopicTarget<K, V>, options?: SourceOptions) => Stream<K, V>
}

export interface TopologyOptions {
  /** Where refused records go. Default: topic `<name>.dlq` with one partition. */
  readonly deadLetters?: { readonly topic?: string; readonly partitions?: number }
}

/**
 * Says a topology. Runs `define` once, connects to nothing, and returns frozen plain data.
 *
 * @throws MillraceError `CONFIG` when a name is missing, malformed or used twice, or a branch has no sink.
 */
export function topology(
  name: string,
  define: (builder: Builder) => void,
  options: TopologyOptions = {},
): Topology {
  checkName('topology', name)
  const nodes: Node[] = []
  const graph = {
    add<N extends Node>(node: N): N {
      nodes.push(node)
      return node
    },
  }
  define({
    source: <K, V>(step: string, topic: TopicTarget<K, V>, said: SourceOptions = {}) => {
      const node: SourceNode = Object.freeze({
        kind: 'source',
        name: step,
        topic: topic as TopicTarget<unknown, unknown>,
        startAt: said.startAt ?? 'earliest',
        futureTolerance: duration(said.futureTolerance ?? '5m'),
      })
      return new Stream<K, V>(graph.add(node), graph)
    },
  })
  const built: Topology = Object.freeze({
    name,
    nodes: Object.freeze(nodes),
    deadLetters: Object.freeze({
      topic: options.deadLetters?.topic ?? `${name}.dlq`,
      partitions: options.deadLetters?.partitions ?? 1,
    }),
  })
  checkTopology(built)
  return built
}
