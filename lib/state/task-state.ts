import type { KeyValueSpec, SessionSpec, StoreSpec, VersionedSpec, WindowSpec } from '../topology/store.ts'
import { KeyValueStore } from './key-value-store.ts'
import { OperatorTime } from './operator-time.ts'
import type { OrderedBytes, StateBackend } from './ordered-bytes.ts'
import { SessionStore } from './session-store.ts'
import { UpstreamTimes } from './upstream-times.ts'
import { VersionedStore } from './versioned-store.ts'
import { WindowStore } from './window-store.ts'

export type OpenStore<S extends StoreSpec> =
  S extends KeyValueSpec<infer K, infer V>
    ? KeyValueStore<K, V>
    : S extends WindowSpec<infer K, infer V>
      ? WindowStore<K, V>
      : S extends SessionSpec<infer K, infer V>
        ? SessionStore<K, V>
        : S extends VersionedSpec<infer K, infer V>
          ? VersionedStore<K, V>
          : never

/** The stores and the operators' times of one task, saved together with its positions. */
export class TaskState {
  /** `<sub-topology>_<partition>`, as Kafka Streams names tasks. */
  readonly task: string
  /** How far the tasks are that feed this one. */
  readonly upstream: UpstreamTimes
  readonly #backend: StateBackend
  readonly #stores = new Map<string, OpenStore<StoreSpec>>()
  readonly #times = new Map<string, OperatorTime>()

  /** `upstreams` are the tasks that may write to the repartition topics that this one reads. */
  constructor(backend: StateBackend, task = '0_0', upstreams: readonly string[] = []) {
    this.#backend = backend
    this.task = task
    this.upstream = new UpstreamTimes(upstreams, prefixed(backend.meta, 'upstream/'))
  }

  /** Opens the store at the first call; later ones get the same. */
  store<S extends StoreSpec>(spec: S): OpenStore<S> {
    const opened = this.#stores.get(spec.name) ?? (this.#open(spec) as OpenStore<StoreSpec>)
    this.#stores.set(spec.name, opened)
    return opened as OpenStore<S>
  }

  /** Every open store by name. */
  get stores(): ReadonlyMap<string, OpenStore<StoreSpec>> {
    return this.#stores
  }

  /**
   * The stream time of an operator, or of one of its inputs: `<step>/<which>`, so that no step's name can be that of the
   * task's own time or, with a colon, of a store's.
   */
  time(name: string): OperatorTime {
    const time = this.#times.get(name) ?? new OperatorTime(this.upstream, this.#backend.meta[`time/${name}`])
    this.#times.set(name, time)
    return time
  }

  /** Bytes that an operator orders itself: buffers. */
  bytes(name: string): OrderedBytes {
    return this.#backend.bytes(name)
  }

  /** Saves stores, times and `meta` in one step. */
  save(meta: Readonly<Record<string, string>>): Promise<void> {
    return this.#backend.save({ ...meta, ...this.times() })
  }

  /** How far the operators and the tasks upstream are, as it is saved. */
  times(): Record<string, string> {
    const times: Record<string, string> = {}
    for (const [name, time] of this.#times) times[`time/${name}`] = String(time)
    for (const [task, time] of this.upstream.entries()) times[`upstream/${task}`] = String(time)
    return times
  }

  get meta(): Readonly<Record<string, string>> {
    return this.#backend.meta
  }

  close(): Promise<void> {
    return this.#backend.close()
  }

  #open(spec: StoreSpec) {
    const bytes = this.#backend.bytes(spec.name)
    switch (spec.kind) {
      case 'key-value':
        return new KeyValueStore(spec, bytes)
      case 'window':
        return new WindowStore(spec, bytes, this.time(`store:${spec.name}`))
      case 'session':
        return new SessionStore(spec, bytes, this.time(`store:${spec.name}`))
      case 'versioned':
        return new VersionedStore(spec, bytes, this.time(`store:${spec.name}`))
    }
  }
}

function prefixed(meta: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  const own = Object.entries(meta).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]))
}
