import { MillraceError } from '../errors.ts'
import type { KeyValueSpec, StoreSpec, WindowSpec } from '../topology/store.ts'
import { KeyValueStore } from './key-value-store.ts'
import { OperatorTime, type TaskClock } from './operator-time.ts'
import type { OrderedBytes, StateBackend } from './ordered-bytes.ts'
import { WindowStore } from './window-store.ts'

export type OpenStore<S extends StoreSpec> =
  S extends KeyValueSpec<infer K, infer V>
    ? KeyValueStore<K, V>
    : S extends WindowSpec<infer K, infer V>
      ? WindowStore<K, V>
      : never

const UNBOUND: TaskClock = { floor: Number.POSITIVE_INFINITY }

/** The stores and the operators' times of one task, saved together with its positions. */
export class TaskState {
  readonly #backend: StateBackend
  readonly #clock: TaskClock
  readonly #stores = new Map<string, OpenStore<StoreSpec>>()
  readonly #times = new Map<string, OperatorTime>()

  constructor(backend: StateBackend, clock: TaskClock = UNBOUND) {
    this.#backend = backend
    this.#clock = clock
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

  /** The stream time of an operator, or of one of its inputs. */
  time(name: string): OperatorTime {
    const saved = this.#backend.meta[`time/${name}`]
    const time =
      this.#times.get(name) ?? new OperatorTime(this.#clock, saved === undefined ? undefined : Number(saved))
    this.#times.set(name, time)
    return time
  }

  /** Bytes that an operator orders itself: buffers. */
  bytes(name: string): OrderedBytes {
    return this.#backend.bytes(name)
  }

  /** Saves stores, times and `meta` in one step. */
  save(meta: Readonly<Record<string, string>>): Promise<void> {
    const times = [...this.#times].map(([name, { seen }]) => [`time/${name}`, String(seen)] as const)
    return this.#backend.save({ ...Object.fromEntries(times), ...meta })
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
        return new WindowStore(spec, bytes, this.time(`store/${spec.name}`))
      default:
        throw new MillraceError('INTERNAL', `store "${spec.name}": kind "${spec.kind}" can't be opened yet`)
    }
  }
}
