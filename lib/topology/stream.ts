import type { ErrorPolicy, Node, StepNode } from './nodes.ts'

/** From stream to stream; carries its node. What RxJS calls an operator function. */
export type Operator<K, V, K2, V2> = (stream: Stream<K, V>) => Stream<K2, V2>

/** The end of a branch: nothing follows a sink. */
export type Terminal<K, V> = (stream: Stream<K, V>) => Sunk

export interface Sunk {
  readonly node: Node
}

/** Step options that every operator takes. */
export interface StepOptions {
  readonly onError?: ErrorPolicy | undefined
}

/** Where nodes are collected while a topology function runs. */
export interface Graph {
  add<N extends Node>(node: N): N
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
export type Said = DistributiveOmit<StepNode, 'parents' | 'onError'>

/** A stream of records with keys `K` and values `V`. Saying only: it holds a node and runs nothing. */
export class Stream<K, V> {
  readonly node: Node
  readonly #graph: Graph
  /** Phantom: makes streams of other types incompatible. */
  declare readonly type: [K, V]

  constructor(node: Node, graph: Graph) {
    this.node = node
    this.#graph = graph
  }

  /** Appends one node behind this stream (and, for `merge`, others). Operators are written with it. */
  append<K2, V2>(said: Said, options: StepOptions = {}, others: readonly Node[] = []): Stream<K2, V2> {
    const parents = Object.freeze([this.node, ...others])
    const node = { ...said, onError: options.onError ?? 'dead-letter', parents } as StepNode
    return new Stream<K2, V2>(this.#graph.add(Object.freeze(node)), this.#graph)
  }

  pipe<A>(a: (stream: this) => A): A
  pipe<A, B>(a: (stream: this) => A, b: (stream: A) => B): B
  pipe<A, B, C>(a: (stream: this) => A, b: (stream: A) => B, c: (stream: B) => C): C
  pipe<A, B, C, D>(a: (stream: this) => A, b: (stream: A) => B, c: (stream: B) => C, d: (stream: C) => D): D
  pipe<A, B, C, D, E>(
    a: (stream: this) => A,
    b: (stream: A) => B,
    c: (stream: B) => C,
    d: (stream: C) => D,
    e: (stream: D) => E,
  ): E
  pipe<A, B, C, D, E, F>(
    a: (stream: this) => A,
    b: (stream: A) => B,
    c: (stream: B) => C,
    d: (stream: C) => D,
    e: (stream: D) => E,
    f: (stream: E) => F,
  ): F
  pipe<A, B, C, D, E, F, G>(
    a: (stream: this) => A,
    b: (stream: A) => B,
    c: (stream: B) => C,
    d: (stream: C) => D,
    e: (stream: D) => E,
    f: (stream: E) => F,
    g: (stream: F) => G,
  ): G
  pipe(...operators: Array<(stream: never) => unknown>): unknown {
    return operators.reduce<unknown>((stream, operator) => operator(stream as never), this)
  }
}
