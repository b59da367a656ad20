import type { BrokerAdmin, OffsetRange } from '../../broker/broker.ts'
import type { ReadTo } from './readable-task.ts'
import type { Lag } from './worker-view.ts'

/** How long the end of a topic is believed, and waited for. Milliseconds. */
const BELIEVED = 1000
const PATIENCE = 2000

interface Known {
  readonly asked: number
  readonly ends: Promise<readonly OffsetRange[] | undefined>
}

/** How far tasks are behind the ends of what they read. The broker is asked at most once a second for each topic. */
export class Lags {
  readonly #admin: BrokerAdmin
  readonly #now: () => number
  readonly #known = new Map<string, Known>()

  constructor(admin: BrokerAdmin, now: () => number) {
    this.#admin = admin
    this.#now = now
  }

  async of({ topic, partition, offset, timestamp }: ReadTo): Promise<Lag> {
    const end = (await this.#ends(topic))?.find((one) => one.partition === partition)?.end
    if (end === undefined) return { records: undefined, ms: undefined }
    const records = Math.max(0, end - offset)
    if (records === 0) return { records, ms: 0 }
    return { records, ms: timestamp === undefined ? undefined : Math.max(0, this.#now() - timestamp) }
  }

  /** Of all together: the records add up, and the oldest counts. */
  async ofAll(readTo: readonly ReadTo[]): Promise<Lag> {
    const lags = await Promise.all(readTo.map((one) => this.of(one)))
    return {
      records: lags.reduce<number | undefined>((sum, { records }) => plus(sum, records), 0),
      ms: lags.reduce<number | undefined>((most, { ms }) => larger(most, ms), 0),
    }
  }

  #ends(topic: string): Known['ends'] {
    const known = this.#known.get(topic)
    if (known !== undefined && performance.now() - known.asked < BELIEVED) return known.ends
    const ends = withPatience(this.#admin.offsets(topic))
    this.#known.set(topic, { asked: performance.now(), ends })
    return ends
  }
}

/** A broker that is away says nothing; whoever asks is not kept waiting for it. */
async function withPatience<T>(asked: Promise<T>): Promise<T | undefined> {
  const patience = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => patience.resolve(undefined), PATIENCE)
  try {
    return await Promise.race([asked.catch(() => undefined), patience.promise])
  } finally {
    clearTimeout(timer)
  }
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b)
}
