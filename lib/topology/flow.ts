/** What has `.pipe`: streams, windowed streams, tables. Every operator is a function from one to another. (RxJS) */
export abstract class Flow {
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
